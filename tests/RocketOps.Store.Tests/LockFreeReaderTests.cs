using System.Globalization;
using System.Text;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;
using RocketOps.Store.Reading;
using RocketOps.Store.Tests.Support;

namespace RocketOps.Store.Tests;

/// <summary>
/// Readers that take no lock, while what they read is overwritten under them: each copy they are given must be whole and the right one. The work is counted, not
/// the time; a read that comes too late is told so and does not count.
/// </summary>
public sealed class LockFreeReaderTests
{
    private const int Readers = 3;

    [Fact]
    public async Task UnitRing_ReadWhileItWraps_GivesWholeUnitsOrNone()
    {
        const int Capacity = 64;
        const int Puts = 3_000_000;
        UnitRing ring = new(Capacity, 0, ConsumeQueueUnit.Size);
        const int Copied = 100_000;
        long end = 0;
        long copied = 0;
        bool isDone = false;
        bool hasFailed = false;
        Task writer = Task.Run(() =>
        {
            for (long index = 0; !Volatile.Read(ref hasFailed) && (index < Puts || Volatile.Read(ref copied) < Copied); index++)
            {
                Unit(index).Write(ring.Reserve(index));
                Volatile.Write(ref end, index + 1);
            }

            Volatile.Write(ref isDone, true);
        });

        await Task.WhenAll([writer, .. Enumerable.Range(0, Readers).Select(seed => Task.Run(() => ReadUnits(seed)))]);

        void ReadUnits(int seed)
        {
            Random random = new(seed);
            byte[] bytes = new byte[16 * ConsumeQueueUnit.Size];
            while (!Volatile.Read(ref isDone))
            {
                long max = Volatile.Read(ref end);
                int count = random.Next(1, 17);
                long index = max - random.Next(count, Capacity + 1);
                Span<byte> units = bytes.AsSpan(0, count * ConsumeQueueUnit.Size);
                if (index < 0 || !ring.TryCopyOut(index, units))
                {
                    continue;
                }

                for (int i = 0; i < count; i++)
                {
                    ConsumeQueueUnit unit = ConsumeQueueUnit.Read(units[(i * ConsumeQueueUnit.Size)..]);
                    if (unit != Unit(index + i))
                    {
                        Volatile.Write(ref hasFailed, true);
                        throw new InvalidOperationException($"Unit {index + i} was read as {unit} while the ring went on to {Volatile.Read(ref end)}.");
                    }
                }

                Interlocked.Add(ref copied, count);
            }
        }
    }

    [Fact]
    public async Task LogTail_ReadWhileItWraps_GivesTheBytesAskedForOrNone()
    {
        const int Capacity = 4096;
        const int Records = 1_000_000;
        const int RecordBytes = 96;
        const int Copied = 100_000;
        LogTail tail = new(Capacity, Capacity);
        tail.Start(0);
        long end = 0;
        long copied = 0;
        bool isDone = false;
        bool hasFailed = false;
        Task writer = Task.Run(() =>
        {
            byte[] record = new byte[RecordBytes];
            for (long i = 0; !Volatile.Read(ref hasFailed) && (i < Records || Volatile.Read(ref copied) < Copied); i++)
            {
                record.AsSpan().Fill(ByteOf(i));
                tail.Reserve((i + 1) * RecordBytes);
                tail.CopyIn(i * RecordBytes, record);
                Volatile.Write(ref end, i + 1);
            }

            Volatile.Write(ref isDone, true);
        });

        await Task.WhenAll([writer, .. Enumerable.Range(0, Readers).Select(seed => Task.Run(() => ReadRecords(seed)))]);

        void ReadRecords(int seed)
        {
            Random random = new(seed);
            byte[] bytes = new byte[RecordBytes];
            while (!Volatile.Read(ref isDone))
            {
                long record = Volatile.Read(ref end) - random.Next(1, Capacity / RecordBytes);
                if (record < 0 || !tail.TryCopyOut(record * RecordBytes, bytes))
                {
                    continue;
                }

                if (bytes.AsSpan().ContainsAnyExcept(ByteOf(record)))
                {
                    Volatile.Write(ref hasFailed, true);
                    throw new InvalidOperationException($"Record {record} was read with bytes of another while the log went on to {Volatile.Read(ref end)}.");
                }

                Interlocked.Increment(ref copied);
            }
        }

        static byte ByteOf(long record) => (byte)(record % 251);
    }

    [Fact]
    public async Task Reader_LogAndQueuesWrapAndExpire_GivesTheMessageAskedForOrNone()
    {
        const int Messages = 30_000;
        const int Found = 3_000;
        MemoryFileSystem files = new();
        StoreOptions options = new()
        {
            RootDirectory = "/store",
            CommitLogFileBytes = 64 * 1024,
            ConsumeQueueFileBytes = 20 * 50,
            IndexEnabled = false,
            MaxMessageBytes = 1024,
            TailBytes = 128 * 1024,
            Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [.. Enumerable.Range(0, 24)] },
            ConsumeQueueFlushIntervalMs = 1,
            ConsumeQueueThoroughIntervalMs = 5,
            CleanIntervalMs = 1,
            MaxOpenQueueFiles = 16,
        };
        await using MessageStore store = await SmallStore.StartAsync(options, files);
        store.Append("T", 0, "0:");
        store.Writer.WritePending();
        StoreTopic topic = store.FindTopic("T"u8)!;
        using CancellationTokenSource written = new();
        int found = 0;
        bool hasFailed = false;
        Task writer = Task.Run(() =>
        {
            for (int i = 1; !Volatile.Read(ref hasFailed) && (i < Messages || Volatile.Read(ref found) < Found || store.GetStats().MinOffset.Value == 0); i++)
            {
                store.Append("T", 0, $"{i}:{new string((char)('a' + (i % 26)), i % 400)}");
                if (i % 5 == 0)
                {
                    store.Writer.WritePending();
                }
            }

            store.Writer.WritePending();
            written.Cancel();
        });

        await Task.WhenAll([writer, .. Enumerable.Range(0, Readers).Select(seed => Task.Run(() => ReadOrTellAsync(new Random(seed))))]);

        store.Flags.Should().Be(StoreFlags.None);
        store.GetStats().MinOffset.Value.Should().BePositive("retention was at work");

        async Task ReadOrTellAsync(Random random)
        {
            try
            {
                await ReadAsync(random);
            }
            catch
            {
                Volatile.Write(ref hasFailed, true);
                throw;
            }
        }

        async Task ReadAsync(Random random)
        {
            GetResult result = new();
            byte[] bytes = new byte[64 * 1024];
            while (!written.IsCancellationRequested)
            {
                (long min, long max) = await store.Reader.GetOffsetsAsync(topic, 0, CancellationToken.None);
                if (min == max)
                {
                    // All that was dispatched has expired, and nothing of the newest file is dispatched yet.
                    await Task.Yield();
                    continue;
                }

                long offset = random.Next(3) == 0 ? min : random.NextInt64(Math.Max(min, max - 2000), max);
                GetStatus status = store.Reader.GetMessages(topic, 0, offset, new GetLimits(8), null, result);
                if (status == GetStatus.WouldBlock)
                {
                    status = await store.Reader.GetMessagesAsync(topic, 0, offset, new GetLimits(8), null, result, CancellationToken.None);
                }

                status.Should().BeOneOf(GetStatus.Found, GetStatus.OffsetTooSmall, GetStatus.MessageWasRemoving, GetStatus.OffsetFoundNull);
                if (status != GetStatus.Found)
                {
                    continue;
                }

                Memory<byte> records = bytes.AsMemory(0, result.TotalBytes);
                if (store.Reader.TryCopyMessages(result, records.Span) || await store.Reader.CopyMessagesAsync(result, records, CancellationToken.None))
                {
                    Interlocked.Add(ref found, Check(records.Span, offset));
                }
            }
        }
    }

    private static ConsumeQueueUnit Unit(long index) => new(index * 977, (int)(index & 0x3FFFFFFF) + 1, ~index);

    /// <summary>Records one behind the other, each whole, at or behind the offset, and with the body that was sent for its offset.</summary>
    private static int Check(ReadOnlySpan<byte> records, long from)
    {
        int count = 0;
        while (!records.IsEmpty)
        {
            RecordCheck check = RecordView.Parse(records, -1, verifyCrc: true, out RecordView record);
            check.Should().Be(RecordCheck.Valid);
            record.QueueOffset.Should().BeGreaterThanOrEqualTo(from);
            from = record.QueueOffset + 1;
            string body = Encoding.UTF8.GetString(record.Body);
            string number = record.QueueOffset.ToString(CultureInfo.InvariantCulture);
            (body == $"{number}:{new string((char)('a' + (record.QueueOffset % 26)), (int)(record.QueueOffset % 400))}").Should().BeTrue($"message {number} is itself");
            records = records[record.Size..];
            count++;
        }

        return count;
    }
}
