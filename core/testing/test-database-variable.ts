/** The environment variable that says where the test run's database server is; set by whoever runs the tests. */
export const testDatabaseVariable = "TEST_DATABASE_URL";
