using RocketOps.Broker.Replication.Frames;

namespace RocketOps.Broker.Tests.Replication.Frames;

public sealed class HaStreamDecoderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(12)]
    [InlineData(1000)]
    [InlineData(100_000)]
    public void Decode_FramesCutAnywhere_AreOneRunOfBytes(int chunk)
    {
        byte[] log = RandomBytes(chunk, 50_000);
        byte[] stream = [.. Frame(4096, log.AsSpan(0, 1)), .. Frame(4097, []), .. Frame(4097, log.AsSpan(1, 32_000)), .. Frame(36_097, log.AsSpan(32_001))];
        using HaStreamDecoder decoder = new(4096);
        List<byte> got = [];

        for (int at = 0; at < stream.Length; at += chunk)
        {
            ReadOnlySpan<byte> received = stream.AsSpan(at, Math.Min(chunk, stream.Length - at));
            received.CopyTo(decoder.RoomFor(received.Length).Span);
            decoder.OnReceived(received.Length);
            while (decoder.TryDecode())
            {
                // The store takes what it likes of each frame, here a part: what is left goes before the next one's bytes.
                int take = decoder.Pending.Length * 2 / 3;
                got.AddRange(decoder.Pending[..take]);
                decoder.Consume(take);
                decoder.Start.Should().Be(4096 + got.Count);
            }
        }

        got.AddRange(decoder.Pending);
        got.Should().Equal(log);
    }

    [Fact]
    public void Decode_EmptyLog_BeginsWhereTheFirstBytesDo()
    {
        using HaStreamDecoder decoder = new(-1);

        Decode(decoder, Frame(1 << 30, []));
        decoder.Start.Should().Be(-1, "a sign of life begins no log");
        Decode(decoder, Frame(1 << 30, [1, 2, 3]));

        decoder.Start.Should().Be(1 << 30);
        decoder.Pending.ToArray().Should().Equal(1, 2, 3);
    }

    [Theory]
    [InlineData(99, 5)]
    [InlineData(101, 5)]
    [InlineData(101, 0)]
    [InlineData(100, -1)]
    [InlineData(100, int.MinValue)]
    [InlineData(100, int.MaxValue)]
    [InlineData(100, HaFrames.MaxBodyBytes + 1)]
    [InlineData(-1, 5)]
    [InlineData(long.MaxValue, 5)]
    public void Decode_FrameThatCannotBeTheNext_IsRefusedBeforeItsBodyIsHeld(long offset, int bodyBytes)
    {
        using HaStreamDecoder decoder = new(100);
        byte[] header = new byte[HaFrames.HeaderBytes];
        HaFrames.WriteHeader(header, offset, bodyBytes);

        Action decode = () => Decode(decoder, header);

        decode.Should().Throw<HaRefusedException>();
        decoder.Pending.Length.Should().Be(0);
    }

    [Fact]
    public void Decode_WhatIsReplicated_IsTakenFromAnElectedMasterOnly()
    {
        using HaStreamDecoder elected = new(100, isElected: true);
        using HaStreamDecoder classic = new(100);
        byte[] frame = Frame(50, []);
        HaFrames.WriteHeader(frame, 5000, HaFrames.ReplicatedMark);

        Decode(elected, [.. Frame(100, [1, 2]), .. frame, .. Frame(102, [3])]);
        Action decode = () => Decode(classic, frame);

        elected.Replicated.Should().Be(5000, "also what has not come here yet");
        elected.Pending.ToArray().Should().Equal(1, 2, 3);
        decode.Should().Throw<HaRefusedException>();
        HaFrames.WriteHeader(frame, -5, HaFrames.ReplicatedMark);
        elected.Invoking(decoder => Decode(decoder, frame)).Should().Throw<HaRefusedException>();
    }

    [Fact]
    public void Decode_AnyBytes_IsRefusedOrIsAFrameThatFits()
    {
        Random random = new(20260726);
        int refused = 0;
        for (int round = 0; round < 20_000; round++)
        {
            using HaStreamDecoder decoder = new(random.Next(2) == 0 ? -1 : random.Next(3), isElected: random.Next(2) == 0);
            byte[] bytes = RandomBytes(round, random.Next(64));
            if (random.Next(2) == 0 && bytes.Length >= 12)
            {
                // Otherwise nearly nothing would come past the offset.
                HaFrames.WriteHeader(bytes, random.Next(3), random.Next(-2, 40));
            }

            try
            {
                Decode(decoder, bytes);
                decoder.Pending.Length.Should().BeLessThanOrEqualTo(bytes.Length);
            }
            catch (HaRefusedException)
            {
                refused++;
            }
        }

        refused.Should().BeInRange(1_000, 19_000);
    }

    private static void Decode(HaStreamDecoder decoder, ReadOnlySpan<byte> received)
    {
        received.CopyTo(decoder.RoomFor(received.Length).Span);
        decoder.OnReceived(received.Length);
        while (decoder.TryDecode())
        {
        }
    }

    private static byte[] Frame(long offset, ReadOnlySpan<byte> body)
    {
        byte[] frame = new byte[HaFrames.HeaderBytes + body.Length];
        HaFrames.WriteHeader(frame, offset, body.Length);
        body.CopyTo(frame.AsSpan(HaFrames.HeaderBytes));
        return frame;
    }

    private static byte[] RandomBytes(int seed, int count)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
