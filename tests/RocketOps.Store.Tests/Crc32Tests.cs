using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RocketOps.Store.Checksums;

namespace RocketOps.Store.Tests;

public sealed class Crc32Tests
{
    [Fact]
    public void Compute_CheckValueOfTheCatalogue_Matches()
    {
        Crc32.Compute(Encoding.ASCII.GetBytes("123456789")).Should().Be(0xCBF43926u);
    }

    [Fact]
    public void Compute_EveryLengthAndAlignment_EqualsTheBitwiseDefinition()
    {
        var bytes = new byte[700];
        new Random(7).NextBytes(bytes);
        for (var start = 0; start < 17; start++)
        {
            for (var length = 0; length <= 600; length++)
            {
                var piece = bytes.AsSpan(start, length);
                Crc32.Compute(piece).Should().Be(Bitwise(piece));
            }
        }
    }

    [Fact]
    public void Compute_AnyBytes_EqualsTheTable()
    {
        Prop.ForAll<byte[]>(bytes =>
        {
            var longer = Enumerable.Repeat(bytes, 40).SelectMany(b => b).ToArray();
            return Crc32.Compute(longer) == ~Crc32.UpdateByTable(0xFFFFFFFF, longer);
        }).QuickCheckThrowOnFailure();
    }

    private static uint Bitwise(ReadOnlySpan<byte> bytes)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320u : crc >> 1;
            }
        }

        return ~crc;
    }
}
