using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RocketOps.Protocol.Records;

namespace RocketOps.Protocol.Tests.Records;

public sealed class Crc32Tests
{
    [Fact]
    public void Compute_CheckValueOfTheCatalogue_Matches()
    {
        Crc32.Compute(Encoding.ASCII.GetBytes("123456789")).Should().Be(0xCBF43926u);
        Crc32.ComputeForRecord("123456789"u8).Should().Be(0x4BF43926);
    }

    [Fact]
    public void Compute_EveryLengthAndAlignment_EqualsTheBitwiseDefinition()
    {
        byte[] bytes = new byte[700];
        new Random(7).NextBytes(bytes);
        for (int start = 0; start < 17; start++)
        {
            for (int length = 0; length <= 600; length++)
            {
                Span<byte> piece = bytes.AsSpan(start, length);
                Crc32.Compute(piece).Should().Be(Bitwise(piece));
            }
        }
    }

    [Fact]
    public void Compute_AnyBytes_EqualsTheTable()
    {
        Prop.ForAll<byte[]>(bytes =>
        {
            byte[] longer = Enumerable.Repeat(bytes, 40).SelectMany(b => b).ToArray();
            return Crc32.Compute(longer) == ~Crc32.UpdateByTable(0xFFFFFFFF, longer);
        }).QuickCheckThrowOnFailure();
    }

    private static uint Bitwise(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0xFFFFFFFFu;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320u : crc >> 1;
            }
        }

        return ~crc;
    }
}
