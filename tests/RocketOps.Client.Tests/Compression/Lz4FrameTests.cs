using System.Buffers.Binary;
using System.IO.Hashing;
using RocketOps.Client.Compression;

namespace RocketOps.Client.Tests.Compression;

public sealed class Lz4FrameTests
{
    private const int Plenty = 64 * 1024 * 1024;

    // Written by RocketMQ's Lz4Compressor of 5.5.0 (lz4-java 1.10.3): the first n characters of Fox, and 100 bytes that cannot be packed.
    private const string Fox1 = "04224d18607073010000807400000000";
    private const string Fox13 = "04224d186070730d00008074686520717569636b2062726f00000000";
    private const string Fox100 = "04224d1860707338000000f01074686520717569636b2062726f776e20666f78206a756d7073206f766572201f00816c617a7920646f670d000f2c001c50636b62726f00000000";

    // Written by lz4 1.9.4 (`lz4 -9 -B4 -BD -BX --content-size`): the first 500 characters of Fox, with every checksum the format has.
    private const string CheckedFox500 =
        "04224d187c40f401000000000000b855000000f01074686520717569636b2062726f776e20666f78206a756d7073206f766572201f009f6c617a7920" +
        "646f67202c00220f570044062c000f570044062c000f570044062c000e57000f88013c062b0050666f78206ad0b111e60000000091c5c0bb";

    [Theory]
    [InlineData(Fox1, 1)]
    [InlineData(Fox13, 13)]
    [InlineData(Fox100, 100)]
    [InlineData(CheckedFox500, 500)]
    public void Decompress_WhatOthersWrote_IsTheBody(string frame, int length) => Lz4Frame.Decompress(Convert.FromHexString(frame), Plenty).Should().Equal(Fox(length));

    [Fact]
    public void Compress_BeginsAndEndsAsJavas()
    {
        byte[] frame = Lz4Frame.TryCompress(Fox(5000))!;

        frame.AsSpan(0, 7).ToArray().Should().Equal(Convert.FromHexString(Fox100)[..7]);
        frame.AsSpan(^4).ToArray().Should().Equal(0, 0, 0, 0);
        frame.Length.Should().BeLessThan(400);
    }

    [Fact]
    public void Compress_NothingToGain_IsNull()
    {
        byte[] random = new byte[10_000];
        new Random(17).NextBytes(random);

        Lz4Frame.TryCompress(random).Should().BeNull();
        Lz4Frame.TryCompress("x"u8).Should().BeNull();
        Lz4Frame.TryCompress(Fox(13)).Should().BeNull();
    }

    [Fact]
    public void CompressAndDecompress_BodiesOfEveryKind_AreTheSame()
    {
        Random random = new(17);
        int packed = 0;
        for (int i = 0; i < 3000; i++)
        {
            byte[] body = Body(random, random.Next(0, i % 50 == 0 ? 300_000 : 2000));
            if (Lz4Frame.TryCompress(body) is { } frame)
            {
                packed++;
                frame.Length.Should().BeLessThan(body.Length);
                Lz4Frame.Decompress(frame, body.Length).AsSpan().SequenceEqual(body).Should().BeTrue("body {0} of {1} bytes comes back", i, body.Length);
            }
        }

        packed.Should().BeGreaterThan(1000);
    }

    [Fact]
    public void CompressAndDecompress_SeveralBlocks_AreTheSame()
    {
        // The second block cannot be packed.
        byte[] body = new byte[10 * 1024 * 1024];
        new Random(17).NextBytes(body.AsSpan(4 * 1024 * 1024, 4 * 1024 * 1024));

        byte[] frame = Lz4Frame.TryCompress(body)!;

        frame.Length.Should().BeInRange(4 * 1024 * 1024, (4 * 1024 * 1024) + 50_000);
        Lz4Frame.Decompress(frame, Plenty).AsSpan().SequenceEqual(body).Should().BeTrue();
    }

    [Fact]
    public void Decompress_LinkedBlocksChecksumsSizeAndSkippedFrames_IsTheBody()
    {
        // "abcdefgh", then a block that takes 8 bytes from the one before.
        byte[] first = [0x80, .. "abcdefgh"u8];
        byte[] second = [0x04, 8, 0, 0x50, .. "vwxyz"u8];
        byte[] body = [.. "abcdefghabcdefghvwxyz"u8];
        byte[] frame = Frame(0x40 | 0x10 | 0x08 | 0x04, 0x40, (ulong)body.Length, body, first, second);
        byte[] skipped = [0x5A, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3];

        Lz4Frame.Decompress([.. skipped, .. frame, .. Convert.FromHexString(Fox13)], Plenty).Should().Equal([.. body, .. Fox(13)]);
        Spoiled(frame, Frame(0x40 | 0x20, 0x40, null, body, first, second)).Should().OnlyContain(static refused => refused);
    }

    [Fact]
    public void Decompress_MatchFromAsFarBackAsThereAre_IsTheBody()
    {
        byte[] first = new byte[64 * 1024];
        new Random(17).NextBytes(first);

        // Eight bytes from 65535 bytes before the block's begin.
        byte[] second = [0x04, 0xFF, 0xFF, 0x50, .. "vwxyz"u8];
        byte[] frame = [.. Frame(0x40, 0x40, null, [])[..^4], .. Number(0x80000000 | (uint)first.Length), .. first, .. Number((uint)second.Length), .. second, .. Number(0)];

        Lz4Frame.Decompress(frame, Plenty).AsSpan().SequenceEqual([.. first, .. first.AsSpan(1, 8), .. "vwxyz"u8]).Should().BeTrue();
    }

    [Fact]
    public void Decompress_MoreThanAllowed_IsRefusedBeforeItIsThere()
    {
        byte[] frame = Lz4Frame.TryCompress(new byte[4 * 1024 * 1024])!;
        frame.Length.Should().BeLessThan(20_000);
        long before = GC.GetAllocatedBytesForCurrentThread();

        FluentActions.Invoking(() => Lz4Frame.Decompress(frame, 100_000)).Should().Throw<InvalidDataException>().WithMessage("the body unpacks to more than 100000 bytes");

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(2_000_000, "not what it unpacks to");
        Lz4Frame.Decompress(frame, 4 * 1024 * 1024).Should().HaveCount(4 * 1024 * 1024);
    }

    [Fact]
    public void Decompress_AnyBytes_AreReadOrRefusedAndStayWithinBounds()
    {
        Random random = new(17);
        byte[][] frames = [Convert.FromHexString(Fox100), Lz4Frame.TryCompress(Body(random, 3000))!, Lz4Frame.TryCompress(Fox(3000))!];
        int refused = 0;
        for (int i = 0; i < 60_000; i++)
        {
            byte[] bytes = [.. frames[i % frames.Length]];
            switch (random.Next(4))
            {
                case 0:
                    bytes = bytes[..random.Next(bytes.Length)];
                    break;
                case 1:
                    random.NextBytes(bytes.AsSpan(random.Next(bytes.Length)));
                    break;
                default:
                    for (int n = random.Next(1, 4); n > 0; n--)
                    {
                        bytes[random.Next(7, bytes.Length)] = (byte)random.Next(256);
                    }

                    break;
            }

            try
            {
                Lz4Frame.Decompress(bytes, 5000).Length.Should().BeLessThanOrEqualTo(5000);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        refused.Should().BeInRange(10_000, 59_999, "some are still frames, most are not");
    }

    [Theory]
    [InlineData("")]
    [InlineData("0422")]
    [InlineData("05224d18607073")] // magic
    [InlineData("04224d18a07073")] // version
    [InlineData("04224d186030730000000000")] // block size
    [InlineData("04224d1861707300000000")] // dictionary
    [InlineData("04224d1860707400000000")] // checksum of the header
    [InlineData("04224d186070730100000000")] // a block of no sequence
    [InlineData("04224d18607073ffffffff")] // longer than there is
    public void Decompress_WhatIsNoFrame_IsRefused(string bytes) =>
        FluentActions.Invoking(() => Lz4Frame.Decompress(Convert.FromHexString(bytes), Plenty)).Should().Throw<InvalidDataException>();

    private static byte[] Fox(int length) => [.. Enumerable.Range(0, length).Select(static i => (byte)"the quick brown fox jumps over the lazy dog "[(i + (i / 97)) % 44])];

    // Text, noise, runs and repetitions at any distance, one behind the other.
    private static byte[] Body(Random random, int length)
    {
        byte[] body = new byte[length];
        for (int at = 0; at < length;)
        {
            Span<byte> part = body.AsSpan(at, Math.Min(random.Next(1, 1 + (length / 3) + 1), length - at));
            switch (random.Next(4))
            {
                case 0:
                    random.NextBytes(part);
                    break;
                case 1:
                    part.Fill((byte)random.Next(256));
                    break;
                case 2 when at > 0:
                    int from = random.Next(at);
                    for (int i = 0; i < part.Length; i++)
                    {
                        part[i] = body[from + i];
                    }

                    break;
                default:
                    Fox(part.Length).CopyTo(part);
                    break;
            }

            at += part.Length;
        }

        return body;
    }

    private static byte[] Frame(byte flags, byte sizes, ulong? contentSize, byte[] content, params byte[][] blocks)
    {
        List<byte> header = [flags, sizes];
        if (contentSize is { } size)
        {
            byte[] bytes = new byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, size);
            header.AddRange(bytes);
        }

        header.Add((byte)(XxHash32.HashToUInt32(header.ToArray()) >> 8));
        List<byte> frame = [0x04, 0x22, 0x4D, 0x18, .. header];
        foreach (byte[] block in blocks)
        {
            frame.AddRange([.. Number((uint)block.Length), .. block]);
            if ((flags & 0x10) != 0)
            {
                frame.AddRange(Number(XxHash32.HashToUInt32(block)));
            }
        }

        frame.AddRange(Number(0));
        if ((flags & 0x04) != 0)
        {
            frame.AddRange(Number(XxHash32.HashToUInt32(content)));
        }

        return [.. frame];
    }

    private static byte[] Number(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    // A wrong block, a wrong sum of the content, a wrong size, and a block that reaches into another although they are independent.
    private static IEnumerable<bool> Spoiled(byte[] frame, byte[] independent)
    {
        byte[] block = [.. frame];
        block[20]++;
        byte[] sum = [.. frame];
        sum[^1]++;
        foreach (byte[] bytes in new[] { block, sum, independent, Frame(0x48, 0x40, 7, [], [0x10, 0x61]) })
        {
            bool refused = false;
            try
            {
                _ = Lz4Frame.Decompress(bytes, Plenty);
            }
            catch (InvalidDataException)
            {
                refused = true;
            }

            yield return refused;
        }
    }
}
