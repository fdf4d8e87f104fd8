using RocketOps.Store.Contracts;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

/// <summary>A member is asked for its last record whenever it follows another master: it knows it, and does not walk over a file of the log for it.</summary>
public sealed class LastRecordTests
{
    private readonly MemoryFileSystem _files = new();
    private int _reads;

    public LastRecordTests()
    {
        _files.OnRead = CountRead;
    }

    [Fact]
    public async Task FindLastRecord_OfMessagesAppendedHere_ReadsNothing()
    {
        await using MessageStore store = await StartAsync(_files);
        List<AppendResult> sent = Fill(store, 300);

        (await FindAsync(store)).Should().Be((sent[^1].Offset.Value, 0));
    }

    [Fact]
    public async Task FindLastRecord_TheLastIsNotWritten_IsTheOneBefore()
    {
        await using MessageStore store = await StartAsync(_files);
        List<AppendResult> sent = Fill(store, 10);
        store.Append("T", 0, "not with the kernel");

        (await FindAsync(store)).Last.Should().Be(sent[^1].Offset.Value);
    }

    [Theory]
    [InlineData(1000, 1024 * 1024)]
    [InlineData(100_000, 1024 * 1024)]
    [InlineData(1000, 64 * 1024)]
    [InlineData(100_000, 64 * 1024)]
    public async Task FindLastRecord_OfCopiedBytes_ReadsNothing(int chunk, int fileBytes)
    {
        await using MessageStore source = await SmallStore.StartAsync(Options(fileBytes), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        await using MessageStore copy = await SmallStore.StartAsync(Options(fileBytes), _files, new FakeTimeProvider(), hasThreads: false);
        List<AppendResult> sent = Fill(source, 300);
        byte[] log = new byte[sent[^1].End.Value];
        (await source.Reader.ReadAsync(default, log, CancellationToken.None)).Should().BeTrue();
        for (int fed = 0, end = 0; fed < log.Length; fed += Feed(copy, log, fed, end))
        {
            end = Math.Min(log.Length, end + chunk);
            (long last, int reads) = await FindAsync(copy);
            last.Should().Be(LastBefore(sent, fed));
            reads.Should().Be(0);
        }

        (await FindAsync(copy)).Should().Be((sent[^1].Offset.Value, 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(200)]
    public async Task FindLastRecord_AfterACut_ReadsNothing(int kept)
    {
        await using MessageStore store = await StartAsync(_files);
        List<AppendResult> sent = Fill(store, 300);

        await store.TruncateAsync(sent[kept].Offset, keepIn: null, CancellationToken.None);

        (await FindAsync(store)).Should().Be((sent[kept - 1].Offset.Value, 0));
    }

    [Fact]
    public async Task FindLastRecord_OfALogWithoutOne_IsNone()
    {
        await using MessageStore store = await StartAsync(_files);
        (await FindAsync(store)).Last.Should().Be(-1);
        List<AppendResult> sent = Fill(store, 3);

        await store.TruncateAsync(sent[0].Offset, keepIn: null, CancellationToken.None);

        (await FindAsync(store)).Last.Should().Be(-1);
    }

    [Fact]
    public async Task FindLastRecord_AfterAStart_IsTheSame()
    {
        long last;
        await using (MessageStore store = await StartAsync(_files))
        {
            last = Fill(store, 300)[^1].Offset.Value;
        }

        await using (MessageStore clean = await StartAsync(_files))
        {
            (await FindAsync(clean)).Last.Should().Be(last);
            last = Fill(clean, 1)[^1].Offset.Value;

            MemoryFileSystem killed = _files.AfterKill();
            killed.OnRead = CountRead;
            await using MessageStore unclean = await StartAsync(killed);
            (await FindAsync(unclean)).Should().Be((last, 0), "recovery has read it");
        }
    }

    /// <summary>Less in memory than most of these logs have.</summary>
    private static StoreOptions Options(int fileBytes) => new()
    {
        RootDirectory = "/store",
        CommitLogFileBytes = fileBytes,
        MaxMessageBytes = 16 * 1024,
        TailBytes = 64 * 1024,
        Tuning = StoreTunings.Patient,
    };

    private static Task<MessageStore> StartAsync(MemoryFileSystem files) => SmallStore.StartAsync(Options(1024 * 1024), files, new FakeTimeProvider(), hasThreads: false);

    private static List<AppendResult> Fill(MessageStore store, int count)
    {
        List<AppendResult> sent = [];
        for (int i = 0; i < count; i++)
        {
            sent.Add(store.Append("T", 0, new string('x', 2000 + i)));
            store.Writer.WritePending();
        }

        return sent;
    }

    private static long LastBefore(List<AppendResult> sent, long end) => sent.Where(message => message.End.Value <= end).Select(static message => message.Offset.Value).DefaultIfEmpty(-1).Last();

    private static int Feed(MessageStore copy, byte[] log, int from, int to)
    {
        copy.Writer.AppendRaw(new PhysicalOffset(from), log.AsSpan(from, to - from), out int taken).Should().Be(AppendStatus.Ok);
        copy.Writer.WritePending();
        return taken;
    }

    private async Task<(long Last, int Reads)> FindAsync(MessageStore store)
    {
        _reads = 0;
        return (await store.Reader.FindLastRecordAsync(CancellationToken.None), _reads);
    }

    private void CountRead(string path, int length) => _reads++;
}
