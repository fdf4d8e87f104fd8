using System.IO.Hashing;

namespace RocketOps.Protocol.Records;

/// <summary>
/// The checksum RocketMQ keeps with a record's body and sends with a registration's: CRC-32 as zlib computes it, with the top bit cleared, so that
/// it is no negative number in Java (store.md §0, remoting.md §4.7). Benchmark: Crc32Benchmarks.
/// </summary>
public static class MaskedCrc32
{
    public static int Compute(ReadOnlySpan<byte> bytes) => (int)(Crc32.HashToUInt32(bytes) & 0x7FFFFFFF);
}
