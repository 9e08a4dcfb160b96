"""The client side of admission: loads reviews, sends them to a server or to the engine, and shows the responses as kubectl does."""
