using System.Text;
using RocketOps.Election.Epochs;

namespace RocketOps.Election.Tests.Epochs;

public sealed class EpochFileTests
{
    /// <summary>Written by Apache RocketMQ 5.5.0's EpochFileCache.</summary>
    private const string Java = "3\n1652740080\n1-0\n2-734003200\n5-4294967296\n";

    private static readonly EpochHistory Epochs = EpochHistory.Of(new(1, 0), new(2, 734003200), new(5, 4294967296));

    [Fact]
    public void Encode_IsWhatJavaWrites()
    {
        Encoding.UTF8.GetString(EpochFile.Encode(Epochs)).Should().Be(Java);
    }

    [Theory]
    [InlineData(Java)]
    [InlineData("3\n0\n1-0\n2-734003200\n5-4294967296\n")]
    public void Decode_WhatJavaWrites_IsRead(string file)
    {
        Decode(file).Entries.Should().Equal(Epochs.Entries);
    }

    [Fact]
    public void Decode_WhatWasEncoded_IsTheSame()
    {
        EpochFile.Decode(EpochFile.Encode(EpochHistory.Empty), "f").Entries.Should().BeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("3\n")]
    [InlineData("3\n1652740080\n1-0\n2-734003200\n")]
    [InlineData("2\n1652740080\n1-0\n2-734003200\n5-4294967296\n")]
    [InlineData("3\n1652740081\n1-0\n2-734003200\n5-4294967296\n")]
    [InlineData("3\n1652740080\n1-0\n2-734003201\n5-4294967296\n")]
    [InlineData("1\n0\n1-0")]
    [InlineData("1\n0\n1:0\n")]
    [InlineData("1\n0\n-1-0\n")]
    [InlineData("1\n0\n1--1\n")]
    [InlineData("2\n0\n2-0\n1-10\n")]
    [InlineData("2\n0\n1-10\n2-10\n")]
    [InlineData("1\n0\n1-99999999999999999999\n")]
    [InlineData("99999999999\n0\n1-0\n")]
    public void Decode_AnythingElse_IsRefusedWithWhatToDo(string file)
    {
        Action decode = () => Decode(file);

        decode.Should().Throw<InvalidDataException>().WithMessage("epochs is damaged*Move the whole store away*");
    }

    [Fact]
    public void Decode_EveryTruncationAndFlippedBit_IsRefused()
    {
        byte[] file = Encoding.UTF8.GetBytes(Java);
        for (int length = 0; length < file.Length; length++)
        {
            Refused(file[..length]);
        }

        for (int bit = 0; bit < file.Length * 8; bit++)
        {
            byte[] flipped = [.. file];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Refused(flipped);
        }
    }

    [Fact]
    public void Decode_AHugeFile_IsRefusedUnread()
    {
        Refused(new byte[EpochFile.MaxBytes + 1]);
    }

    private static void Refused(byte[] file)
    {
        Action decode = () => EpochFile.Decode(file, "epochs");

        decode.Should().Throw<InvalidDataException>("{0}", Encoding.UTF8.GetString(file.AsSpan(0, Math.Min(100, file.Length))));
    }

    private static EpochHistory Decode(string file) => EpochFile.Decode(Encoding.UTF8.GetBytes(file), "epochs");
}
