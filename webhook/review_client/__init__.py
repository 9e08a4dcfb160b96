"""The client of `bindguard review`: loads reviews, sends them to a server or to the engine, and prints the responses as kubectl does."""
