using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Store.Tests;

/// <summary>A log that is fed with another's bytes is that log, and makes the same queues and index of it.</summary>
public sealed class RawAppendTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(777)]
    [InlineData(32 * 1024)]
    [InlineData(1024 * 1024)]
    public async Task AppendRaw_ChunksOfAnySize_MakeTheSameFilesQueuesAndIndex(int chunkBytes)
    {
        using TempDirectory sourceDirectory = new();
        using TempDirectory copyDirectory = new();
        Random random = new(chunkBytes);
        int messages = chunkBytes == 1 ? 60 : 300;
        byte[] log;
        await using (MessageStore source = await SmallStore.StartAsync(sourceDirectory))
        await using (MessageStore copy = await SmallStore.StartAsync(copyDirectory))
        {
            for (int i = 0; i < messages; i++)
            {
                source.Append($"T{i % 3}", i % 2, new string('x', random.Next(2000)), $"TAGS\u0001tag{i % 5}\u0002UNIQ_KEY\u0001u{i}\u0002KEYS\u0001k{i % 9} all");
            }

            await source.FinishDispatchAsync();
            log = await ReadLogAsync(source);
            await FeedAsync(copy, log, chunkBytes);

            copy.GetStats().MaxOffset.Should().Be(source.GetStats().MaxOffset);
            copy.GetStats().MessagesAppended.Should().Be(messages);
            await CompareAsync(source, copy, messages);

            // As a new master it goes on where the source would have.
            AppendResult next = source.Append("T0", 0, "next");
            AppendResult own = copy.Append("T0", 0, "next");
            own.Offset.Should().Be(next.Offset);
            own.QueueOffset.Should().Be(next.QueueOffset);
        }

        await using (MessageStore source = await SmallStore.StartAsync(sourceDirectory))
        await using (MessageStore copy = await SmallStore.StartAsync(copyDirectory))
        {
            await CompareAsync(source, copy, messages);
        }

        foreach (string file in Directory.GetFiles(sourceDirectory.File("commitlog")))
        {
            // The last message was appended by each itself, at its own time.
            int compared = (int)Math.Min(64 * 1024, log.Length - long.Parse(Path.GetFileName(file), System.Globalization.CultureInfo.InvariantCulture));
            if (compared <= 0)
            {
                // Prepared ahead for what comes next.
                continue;
            }

            byte[] original = await File.ReadAllBytesAsync(file);
            byte[] copied = await File.ReadAllBytesAsync(copyDirectory.File($"commitlog/{Path.GetFileName(file)}"));
            copied.Should().HaveCount(original.Length);
            original.AsSpan(0, compared).SequenceEqual(copied.AsSpan(0, compared)).Should().BeTrue($"{file} is the same");
        }
    }

    [Fact]
    public async Task AppendRaw_NotAtTheEnd_Throws()
    {
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        byte[] log = await LogOfAsync("one");
        store.Writer.AppendRaw(new PhysicalOffset(0), log, out _).Should().Be(AppendStatus.Ok);

        Action again = () => store.Writer.AppendRaw(new PhysicalOffset(0), log, out _);

        again.Should().Throw<StoreException>().WithMessage("*ends at*");
    }

    [Fact]
    public async Task AppendRaw_DamagedRecord_IsRefused()
    {
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        byte[] log = await LogOfAsync("one", "two", "three");
        int size = log.Length / 3;
        log[size + 90] ^= 1;

        AppendStatus status = store.Writer.AppendRaw(new PhysicalOffset(0), log, out int taken);

        status.Should().Be(AppendStatus.MessageIllegal);
        taken.Should().Be(0, "a run with a damaged record in it is refused as a whole");
        store.GetStats().MaxOffset.Value.Should().Be(0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(96)]
    public async Task AppendRaw_BeginningOfARecord_IsLeftToTheCaller(int missing)
    {
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/store"), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        byte[] log = await LogOfAsync("12345", "12345");

        AppendStatus status = store.Writer.AppendRaw(new PhysicalOffset(0), log.AsSpan(0, log.Length - missing), out int taken);

        status.Should().Be(AppendStatus.Ok);
        taken.Should().Be(log.Length / 2);
    }

    private static async Task<byte[]> LogOfAsync(params string[] bodies)
    {
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options("/source"), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        foreach (string body in bodies)
        {
            store.Append("T", 0, body);
        }

        store.Writer.WritePending();
        return await ReadLogAsync(store);
    }

    private static async Task<byte[]> ReadLogAsync(MessageStore store)
    {
        byte[] log = new byte[store.GetStats().MaxOffset.Value];
        for (int at = 0; at < log.Length; at += 4096)
        {
            int length = Math.Min(4096, log.Length - at);
            (await store.Reader.ReadAsync(new PhysicalOffset(at), log.AsMemory(at, length), CancellationToken.None)).Should().BeTrue();
        }

        return log;
    }

    /// <summary>As a replica does: what is left of one chunk begins the next.</summary>
    private static async Task FeedAsync(MessageStore copy, byte[] log, int chunkBytes)
    {
        int fed = 0;
        int end = 0;
        while (fed < log.Length)
        {
            end = Math.Min(log.Length, end + chunkBytes);
            AppendStatus status;
            do
            {
                status = copy.Writer.AppendRaw(new PhysicalOffset(fed), log.AsSpan(fed, end - fed), out int taken);
                fed += taken;
                copy.Writer.WritePending();
            }
            while (status == AppendStatus.WouldBlock && await copy.Writer.WhenRoomAsync() == WaitOutcome.Reached);
            status.Should().Be(AppendStatus.Ok);
        }
    }

    private static async Task CompareAsync(MessageStore source, MessageStore copy, int messages)
    {
        for (int topic = 0; topic < 3; topic++)
        {
            StoreTopic inSource = source.GetOrAddTopic([(byte)'T', (byte)('0' + topic)]);
            StoreTopic inCopy = copy.GetOrAddTopic([(byte)'T', (byte)('0' + topic)]);
            for (int queue = 0; queue < 2; queue++)
            {
                await Eventually.TrueAsync(() => copy.GetStats().DispatchBehindBytes == 0, "all is dispatched");
                (await copy.ReadAllAsync($"T{topic}", queue)).Should().Equal(await source.ReadAllAsync($"T{topic}", queue));
            }

            for (int key = 0; key < messages; key += 7)
            {
                IndexQueryResult expected = await source.Reader.QueryIndexAsync(inSource, $"u{key}", 32, 0, long.MaxValue, CancellationToken.None);
                (await copy.Reader.QueryIndexAsync(inCopy, $"u{key}", 32, 0, long.MaxValue, CancellationToken.None)).Offsets.Should().Equal(expected.Offsets);
            }
        }
    }
}
