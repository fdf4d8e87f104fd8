using System.Text;
using RocketOps.Election.Members;

namespace RocketOps.Election.Tests.Members;

public sealed class MemberStateFileTests
{
    private static readonly MemberState State = new("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210", 12, 9);

    [Fact]
    public void Decode_WhatWasEncoded_IsTheSame()
    {
        MemberStateFile.Decode(MemberStateFile.Encode(State), "state").Should().Be(State);
        MemberStateFile.Decode(MemberStateFile.Encode(State with { GroupId = "" }), "state").GroupId.Should().BeEmpty();
    }

    [Fact]
    public void Encode_IsTextOneLineEach()
    {
        Encoding.UTF8.GetString(MemberStateFile.Encode(State)).Should()
            .MatchRegex("^groupId=0123456789abcdef0123456789abcdef\nincarnation=fedcba9876543210fedcba9876543210\npromised=12\nseen=9\ncrc=[0-9]+\n$");
    }

    [Fact]
    public void Decode_EveryTruncationAndFlippedBit_IsRefusedWithWhatToDo()
    {
        byte[] file = MemberStateFile.Encode(State);
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

        Refused(new byte[MemberStateFile.MaxBytes + 1]);
    }

    private static void Refused(byte[] file)
    {
        Action decode = () => MemberStateFile.Decode(file, "state");

        decode.Should().Throw<InvalidDataException>("{0}", Encoding.UTF8.GetString(file)).WithMessage("state is damaged*Delete the file*");
    }
}
