using System.Buffers.Binary;
using RocketOps.Store.Log;

namespace RocketOps.Store.Tests;

/// <summary>Readers take no lock while the writer goes round the ring: what passes the check afterwards must be intact, and what they ask for in time must be there.</summary>
public sealed class LogTailStressTests
{
    private const int Capacity = 64 * 1024;

    /// <summary>Times round the ring at least; enough for the writer to overtake every reader many times.</summary>
    private const int Rounds = 400;

    /// <summary>The writer goes on until readers were so often in time, and so often too late, however threads are scheduled.</summary>
    private const int Outcomes = 100;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(12);

    [Theory]
    [InlineData(Capacity)]
    [InlineData(Capacity / 8)]
    public async Task TryCopyOut_WhileTheRingWrapsAndChanges_GivesIntactBytesOrNone(int usual)
    {
        LogTail tail = new(Capacity, usual);
        tail.Start(0);
        long end = 0;
        using CancellationTokenSource ended = new();
        ReaderCounts counts = new();
        Task[] readers = [.. Enumerable.Range(0, 3).Select(seed => Task.Run(() => Read(tail, () => Volatile.Read(ref end), seed, counts, ended.Token)))];
        long startedAt = TimeProvider.System.GetTimestamp();

        Random random = new(1);
        for (long at = 0; at < (long)Rounds * Capacity || (!counts.Have(Outcomes) && !Array.Exists(readers, static reader => reader.IsFaulted));)
        {
            TimeProvider.System.GetElapsedTime(startedAt).Should().BeLessThan(Limit, "readers come to read beside the writer");
            int length = random.Next(1, 3000);
            switch (random.Next(20))
            {
                case 0:
                    tail.Fit(at, LogTail.PendingRoom(Capacity));
                    break;
                case 1:
                    tail.TryShrink(at);
                    break;
            }

            tail.Reserve(at + length);
            if (tail.TryGetSpan(at, length, out Span<byte> place))
            {
                Fill(place, at);
            }
            else
            {
                byte[] bytes = new byte[length];
                Fill(bytes, at);
                tail.CopyIn(at, bytes);
            }

            at += length;
            Volatile.Write(ref end, at);
        }

        await ended.CancelAsync();
        await Task.WhenAll(readers);

        byte[] last = new byte[tail.Length / 2];
        tail.TryCopyOut(end - last.Length, last).Should().BeTrue("what is not overwritten can be read");
        IsIntact(last, end - last.Length).Should().BeTrue();
    }

    /// <summary>What is at the end all the time is in the one ring, then in the other, and the one that was left gives its pages back at once: readers may stand in it.</summary>
    [Fact]
    public async Task TryCopyOut_WhileARingIsGivenBack_GivesIntactBytes()
    {
        const int Large = 1024 * 1024;
        const int Usual = 256 * 1024;
        const int Moves = 3000;
        LogTail tail = new(Large, Usual);
        tail.Start(0);
        Append(tail, 0, Usual);
        using CancellationTokenSource ended = new();
        long copied = 0;
        Task[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            byte[] bytes = new byte[Usual];
            byte[] expected = new byte[Usual];
            Fill(expected, 0);
            while (!ended.IsCancellationRequested)
            {
                if (!tail.TryCopyOut(0, bytes) || !bytes.AsSpan().SequenceEqual(expected))
                {
                    throw new InvalidOperationException("What is there all the time was not read.");
                }

                Interlocked.Increment(ref copied);
            }
        }))];
        long startedAt = TimeProvider.System.GetTimestamp();

        for (int move = 0; (move < Moves || Interlocked.Read(ref copied) < Moves) && !Array.Exists(readers, static reader => reader.IsFaulted); move++)
        {
            TimeProvider.System.GetElapsedTime(startedAt).Should().BeLessThan(Limit, "readers come to read beside the moves");
            tail.Fit(Usual, Large / 2);
            tail.TryShrink(Usual);
            tail.TryShrink(Usual);
        }

        await ended.CancelAsync();
        await Task.WhenAll(readers);
    }

    [Fact]
    public void TryCopyOut_OverwrittenBehindTheReadersBack_IsNoticed()
    {
        // The control: bytes of the next round are not those of this one, so a reader without the check would take them for its own.
        LogTail tail = new(Capacity, Capacity);
        tail.Start(0);
        byte[] round = new byte[Capacity];
        Fill(round, 0);
        tail.Reserve(Capacity);
        tail.CopyIn(0, round);
        byte[] next = new byte[100];
        Fill(next, Capacity);
        tail.Reserve(Capacity + next.Length);
        tail.CopyIn(Capacity, next);

        tail.GetSpans(0, 200, out Span<byte> raw, out _);

        IsIntact(raw, 0).Should().BeFalse();
        tail.TryCopyOut(0, new byte[200]).Should().BeFalse();
        tail.TryCopyOut(next.Length, new byte[200]).Should().BeTrue();
    }

    private static void Append(LogTail tail, long at, int length)
    {
        byte[] bytes = new byte[length];
        Fill(bytes, at);
        tail.Reserve(at + length);
        tail.CopyIn(at, bytes);
    }

    private static void Read(LogTail tail, Func<long> end, int seed, ReaderCounts counts, CancellationToken cancellationToken)
    {
        Random random = new(seed);
        byte[] bytes = new byte[8192];
        while (!cancellationToken.IsCancellationRequested)
        {
            long to = end();

            // Mostly about where the writer is just about to overwrite.
            int length = random.Next(1, bytes.Length);
            long from = Math.Max(0, to - tail.Length + random.Next(-2000, 8000));
            if (from + length > to)
            {
                continue;
            }

            if (!tail.TryCopyOut(from, bytes.AsSpan(0, length)))
            {
                counts.AddRefused();
                continue;
            }

            counts.AddCopied();
            if (!IsIntact(bytes.AsSpan(0, length), from))
            {
                throw new InvalidOperationException($"{length} bytes of offset {from} are not what was written there.");
            }
        }
    }

    /// <summary>Every byte says where it belongs, differently in each round of the ring.</summary>
    private static byte ByteAt(long offset)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, unchecked(offset * (long)0x9E3779B97F4A7C15UL));
        return (byte)(bytes[7] ^ bytes[4]);
    }

    private static void Fill(Span<byte> place, long offset)
    {
        for (int i = 0; i < place.Length; i++)
        {
            place[i] = ByteAt(offset + i);
        }
    }

    private static bool IsIntact(ReadOnlySpan<byte> bytes, long offset)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] != ByteAt(offset + i))
            {
                return false;
            }
        }

        return true;
    }

    private sealed class ReaderCounts
    {
        private long _copied;
        private long _refused;

        public void AddCopied() => Interlocked.Increment(ref _copied);

        public void AddRefused() => Interlocked.Increment(ref _refused);

        public bool Have(long each) => Volatile.Read(ref _copied) >= each && Volatile.Read(ref _refused) >= each;
    }
}
