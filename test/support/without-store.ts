// Runs before each test file. The command stores params in the user's data folder by default, and tests must not change
// it: commands that a test starts inherit this variable. A test of the store sets it to `false`, with a folder of its own.
process.env.CLASP_NO_PERSIST = 'true';
