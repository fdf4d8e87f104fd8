namespace RocketOps.Client;

/// <summary>Bits of a message's sysFlag. Source: remoting.md §4.3.</summary>
internal static class SysFlag
{
    public const int Compressed = 0x1;
    public const int BornHostV6 = 0x10;
    public const int StoreHostV6 = 0x20;
    public const int CompressionMask = 0x700;
    public const int CompressionShift = 8;

    /// <summary>Compression types; 0 is zlib of clients that know no other.</summary>
    public const int TypeOldZlib = 0;
    public const int TypeLz4 = 1;
    public const int TypeZstd = 2;
    public const int TypeZlib = 3;
}
