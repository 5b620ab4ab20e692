"""llama.cpp, through the functions that llama-cpp-python binds."""
