# single_header_plain_compiler: the one header and a compiler.
c++ -std=c++17 -pthread -I single_include main.cpp implementation.cpp -o agent
