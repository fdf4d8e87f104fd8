using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

/// <summary>Filling the next file with zeros changes when blocks are written, never what the log holds.</summary>
public sealed class ZeroFillTests
{
    private const int FileBytes = 64 * 1024;

    [Fact]
    public async Task Fill_PreparedFile_IsWrittenToItsEndAndTheLogGoesOnInIt()
    {
        MemoryFileSystem files = new();
        await using MessageStore store = await StartAsync(files);
        await PrepareNextAsync(store, files);

        await store.Allocator.FillAsync();

        using (IStoreFile next = files.Open("/store/commitlog/00000000000000065536", FileOpenMode.Read))
        {
            next.GetDataEnd().Should().Be(FileBytes, "every block was written");
        }

        List<string> sent = AppendAcrossTheRoll(store);
        (await store.ReadAllAsync("T", 0)).Should().Equal(sent);
        await store.DisposeAsync();
        await using MessageStore again = await StartAsync(files.AfterPowerCut(new Random(1)));
        (await again.ReadAllAsync("T", 0)).Should().Equal(sent);
    }

    [Fact]
    public async Task Fill_FileIsTakenMeanwhile_LeavesTheLogsBytesAlone()
    {
        // The file is taken between the first chunk's write and its flush; there is only one chunk, so a file of several is used.
        MemoryFileSystem files = new();
        StoreOptions options = new()
        {
            RootDirectory = "/store",
            CommitLogFileBytes = 4 * 1024 * 1024,
            IndexEnabled = false,
            Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] },
            ZeroFillAhead = true,
            ZeroFillBytesPerSecond = int.MaxValue,
        };
        await using MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);
        store.Append("T", 0, "first");
        store.Allocator.Prepare(4 * 1024 * 1024);
        int flushes = 0;
        List<byte> sent = [];
        files.Fault = (operation, path) =>
        {
            if (operation == "fdatasync" && path.EndsWith("4194304", StringComparison.Ordinal) && ++flushes == 1)
            {
                byte[] body = new byte[1024 * 1024];
                for (byte i = 1; i <= 6; i++)
                {
                    Array.Fill(body, i);
                    store.TryAppend("T", 0, body, out _).Should().Be(AppendStatus.Ok);
                    sent.Add(i);
                }

                store.Writer.WritePending();
            }

            return null;
        };

        await store.Allocator.FillAsync();
        files.Fault = null;

        flushes.Should().Be(1, "the file was the log's after that");
        List<string> bodies = await store.ReadAllAsync("T", 0);
        bodies.Skip(1).Select(static body => (byte)body[0]).Should().Equal(sent);
        bodies.Skip(1).Should().OnlyContain(static body => body.Length == 1024 * 1024 && body.All(character => character == body[0]));
    }

    [Theory]
    [InlineData(FlushDiskType.AsyncFlush)]
    [InlineData(FlushDiskType.SyncFlush)]
    public async Task Crash_AtEveryCallWhileFilling_LosesNothing(FlushDiskType flush)
    {
        int calls = 0;
        for (int call = 1; call == 1 || call <= calls; call++)
        {
            MemoryFileSystem files = new() { CrashAtCall = call == 1 ? 0 : call };
            List<string> durable = [];
            List<string> sent = [];
            try
            {
                MessageStore store = await StartAsync(files, flush);
                await PrepareNextAsync(store, files);
                await store.Allocator.FillAsync();
                files.ThrowIfDead();
                sent = AppendAcrossTheRoll(store);
                store.Flusher.Pass(everything: true);
                files.ThrowIfDead();
                durable = sent;
                await store.DisposeAsync();
            }
            catch (SimulatedCrashException)
            {
                // What is being tested.
            }

            calls = Math.Max(calls, files.Calls);
            await using MessageStore again = await StartAsync(files.AfterPowerCut(new Random(call)), flush);
            List<string> found = await again.ReadAllAsync("T", 0);
            found.Count.Should().BeGreaterThanOrEqualTo(durable.Count, $"power cut at call {call}");
            again.Append("T", 0, "goes on").QueueOffset.Should().Be(found.Count);
        }

        calls.Should().BeGreaterThan(20);
    }

    private static Task<MessageStore> StartAsync(MemoryFileSystem files, FlushDiskType flush = FlushDiskType.AsyncFlush) =>
        SmallStore.StartAsync(SmallStore.Options("/store", flush), files, new FakeTimeProvider(), hasThreads: false);

    private static Task PrepareNextAsync(MessageStore store, MemoryFileSystem files)
    {
        store.Append("T", 0, "first");
        store.Allocator.Prepare(FileBytes);
        files.FileExists("/store/commitlog/00000000000000065536").Should().BeTrue();
        return Task.CompletedTask;
    }

    private static List<string> AppendAcrossTheRoll(MessageStore store)
    {
        List<string> sent = ["first"];
        for (int i = 0; i < 20; i++)
        {
            string body = $"{i}:" + new string((char)('a' + i), 5000);
            store.Append("T", 0, body);
            sent.Add(body);
        }

        store.Writer.WritePending();
        return sent;
    }
}
