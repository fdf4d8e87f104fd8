namespace RocketOps.Protocol.Commands;

/// <summary>Language of the program that wrote a frame: the number in binary headers, the name in JSON ones. Source: remoting.md §1.6.</summary>
public enum LanguageCode : byte
{
    Java = 0,
    Cpp = 1,
    DotNet = 2,
    Python = 3,
    Delphi = 4,
    Erlang = 5,
    Ruby = 6,
    Other = 7,
    Http = 8,
    Go = 9,
    Php = 10,
    Oms = 11,
    Rust = 12,
    NodeJs = 13,
}
