using RocketOps.Protocol.Records;

namespace RocketOps.Protocol.Tests.Records;

public sealed class MaskedCrc32Tests
{
    [Fact]
    public void Compute_CheckValueOfTheCatalogue_LacksItsTopBit() =>
        MaskedCrc32.Compute("123456789"u8).Should().Be(0x4BF43926, "the catalogue's value of CRC-32 is CBF43926");

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
                MaskedCrc32.Compute(piece).Should().Be((int)(Bitwise(piece) & 0x7FFFFFFF));
            }
        }
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
