using System.Buffers.Binary;
using System.Numerics;

namespace RocketOps.Client.Compression;

/// <summary>The checksum of LZ4 frames, with seed 0. Source: Cyan4973/xxHash doc/xxhash_spec.md.</summary>
internal static class XxHash32
{
    private const uint Prime1 = 2654435761;
    private const uint Prime2 = 2246822519;
    private const uint Prime3 = 3266489917;
    private const uint Prime4 = 668265263;
    private const uint Prime5 = 374761393;

    public static uint Compute(ReadOnlySpan<byte> bytes)
    {
        unchecked
        {
            uint hash = Prime5;
            ReadOnlySpan<byte> rest = bytes;
            if (rest.Length >= 16)
            {
                uint a = Prime1 + Prime2;
                uint b = Prime2;
                uint c = 0;
                uint d = 0 - Prime1;
                while (rest.Length >= 16)
                {
                    a = Round(a, rest);
                    b = Round(b, rest[4..]);
                    c = Round(c, rest[8..]);
                    d = Round(d, rest[12..]);
                    rest = rest[16..];
                }

                hash = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7) + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
            }

            hash += (uint)bytes.Length;
            for (; rest.Length >= 4; rest = rest[4..])
            {
                hash = BitOperations.RotateLeft(hash + (BinaryPrimitives.ReadUInt32LittleEndian(rest) * Prime3), 17) * Prime4;
            }

            foreach (byte value in rest)
            {
                hash = BitOperations.RotateLeft(hash + (value * Prime5), 11) * Prime1;
            }

            hash = (hash ^ (hash >> 15)) * Prime2;
            hash = (hash ^ (hash >> 13)) * Prime3;
            return hash ^ (hash >> 16);
        }
    }

    private static uint Round(uint lane, ReadOnlySpan<byte> input) =>
        unchecked(BitOperations.RotateLeft(lane + (BinaryPrimitives.ReadUInt32LittleEndian(input) * Prime2), 13) * Prime1);
}
