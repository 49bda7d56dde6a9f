/** The environment variable with the URL of the test run's database server; the test runner sets it. */
export const testDatabaseVariable = "TEST_DATABASE_URL";
