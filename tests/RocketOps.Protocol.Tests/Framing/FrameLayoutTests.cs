using System.Buffers.Binary;
using RocketOps.Protocol.Framing;

namespace RocketOps.Protocol.Tests.Framing;

public sealed class FrameLayoutTests
{
    [Theory]
    [InlineData(4, 8)]
    [InlineData(FrameLayout.DefaultMaxFrameBytes - 4, FrameLayout.DefaultMaxFrameBytes)]
    public void ReadFrameSize_LengthInRange_IsWholeFrame(int total, int size)
    {
        FrameLayout.ReadFrameSize(Length(total), FrameLayout.DefaultMaxFrameBytes).Should().Be(size);
    }

    [Theory]
    [InlineData(3, "*below the minimum*")]
    [InlineData(0, "*below the minimum*")]
    [InlineData(-1, "*below the minimum*")]
    [InlineData(int.MinValue, "*below the minimum*")]
    [InlineData(FrameLayout.DefaultMaxFrameBytes - 3, "*exceeds the limit*")]
    [InlineData(int.MaxValue, "*exceeds the limit*")]
    [InlineData(0x16030100, "*TLS record*")]
    public void ReadFrameSize_LengthOutOfRange_SaysWhy(int total, string message)
    {
        Action read = () => FrameLayout.ReadFrameSize(Length(total), FrameLayout.DefaultMaxFrameBytes);

        read.Should().Throw<FrameFormatException>().WithMessage(message);
    }

    [Theory]
    [InlineData(0x02000000, "*serialize type 2 is unknown*")]
    [InlineData(unchecked((int)0xFF000000), "*serialize type 255 is unknown*")]
    [InlineData(0x00000005, "*header length 5 exceeds the 4 bytes left*")]
    [InlineData(0x00FFFFFF, "*header length 16777215 exceeds*")]
    public void Split_BrokenPrefix_SaysWhichField(int word, string message)
    {
        byte[] frame = new byte[12];
        BinaryPrimitives.WriteInt32BigEndian(frame, 8);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), word);

        Action split = () => FrameLayout.Split(frame, out _, out _, out _);

        split.Should().Throw<FrameFormatException>().WithMessage(message);
    }

    private static byte[] Length(int total)
    {
        byte[] field = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(field, total);
        return field;
    }
}
