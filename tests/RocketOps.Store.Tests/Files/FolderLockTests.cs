using Microsoft.Extensions.Logging;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Logging;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests.Files;

/// <summary>Every folder of a store has one owner, whatever root the other one has and by whatever name it comes.</summary>
public sealed class FolderLockTests : IDisposable
{
    private const int NoSuchLock = 22;

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Start_CommitLogOfAStoreWithAnotherRoot_IsRefusedAndTheFirstGoesOn(bool isByLink)
    {
        string log = _directory.File("log");
        string name = log;
        if (isByLink)
        {
            name = _directory.File("link");
            Directory.CreateSymbolicLink(name, log);
        }

        MessageStore first = await SmallStore.StartAsync(Options("a", log));
        first.Append("T", 0, "one");

        StoreException refusal = await RefusalOfAsync(Options("b", name));

        refusal.Message.Should().Contain(name).And.Contain("(storePathCommitLog) is in use: another broker");
        first.Append("T", 0, "two").QueueOffset.Should().Be(1);
        await first.DisposeAsync();
        await using MessageStore next = await SmallStore.StartAsync(Options("a", name));
        (await next.ReadAllAsync("T", 0)).Should().HaveCount(2);
    }

    [Fact]
    public async Task Start_CommitLogOfAnotherStoreInItsRoot_IsRefused()
    {
        await using MessageStore first = await SmallStore.StartAsync(Options("a", log: null));

        (await RefusalOfAsync(Options("b", _directory.File("a", "commitlog")))).Message.Should().Contain("a/commitlog (storePathCommitLog) is in use");
        (await RefusalOfAsync(Options("b", _directory.File("a")))).Message.Should().Contain("/a (storePathCommitLog) is in use");
    }

    [Theory]
    [InlineData("consumequeue")]
    [InlineData("index")]
    [InlineData("timerlog")]
    public async Task Start_FolderBelowTheRootIsALinkIntoAnotherStore_IsRefused(string folder)
    {
        Directory.CreateDirectory(_directory.File("a", folder));
        Directory.CreateDirectory(_directory.File("b"));
        Directory.CreateSymbolicLink(_directory.File("b", folder), _directory.File("a", folder));
        await using MessageStore first = await SmallStore.StartAsync(Options("a", log: null));

        (await RefusalOfAsync(Options("b", log: null))).Message.Should().Contain($"/b/{folder} (below storePathRootDir) is in use");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Start_CommitLogIsTheRoot_NamesBothKeys(bool isByLink)
    {
        string log = _directory.File("a");
        if (isByLink)
        {
            log = _directory.File("link");
            Directory.CreateSymbolicLink(log, _directory.File("a"));
        }

        (await RefusalOfAsync(Options("a", log))).Message.Should().StartWith($"{_directory.File("a")} (storePathRootDir) and {log} (storePathCommitLog) are one folder");
    }

    [Fact]
    public async Task Start_SameRoot_IsRefused()
    {
        await using MessageStore first = await SmallStore.StartAsync(Options("a", log: null));

        (await RefusalOfAsync(Options("a", _directory.File("other")))).Message.Should().Contain($"{_directory.File("a")} (storePathRootDir) is in use");
    }

    [Fact]
    public async Task Start_FileSystemWithoutSuchLocks_WarnsOnceAndGoesOn()
    {
        NoFolderLocks files = new(new MemoryFileSystem());
        RecordingLoggerFactory log = new();
        await using MessageStore store = new(SmallStore.Options("/store"), files, new FakeTimeProvider(), log, hasThreads: false);

        await store.StartAsync(CancellationToken.None);

        store.Append("T", 0, "one").QueueOffset.Should().Be(0);
        log.Entries.Where(static line => line.Level >= LogLevel.Warning).Should().ContainSingle()
            .Which.Text.Should().Contain("cannot lock folders").And.Contain("/store/commitlog").And.Contain("/store/consumequeue");
    }

    [Fact]
    public async Task Start_LockFails_IsRefused()
    {
        MemoryFileSystem files = new() { ReadFault = static (operation, _) => operation == "flock" ? StoreIOException.InputOutput : null };

        await FluentActions.Invoking(() => SmallStore.StartAsync(SmallStore.Options("/store"), files, new FakeTimeProvider(), hasThreads: false)).Should().ThrowAsync<StoreIOException>();
    }

    [Fact]
    public void TryLockDirectory_OfTheRealDisk_IsOfTheFolderAndNotOfItsName()
    {
        LinuxFileSystem files = new();
        Directory.CreateDirectory(_directory.File("one"));
        Directory.CreateDirectory(_directory.File("two"));
        Directory.CreateSymbolicLink(_directory.File("link"), _directory.File("one"));

        files.IsSameDirectory(_directory.File("one"), _directory.File("link")).Should().BeTrue();
        files.IsSameDirectory(_directory.File("one"), _directory.File("two")).Should().BeFalse();
        files.IsSameDirectory(_directory.File("one"), _directory.File("none")).Should().BeFalse();
        IDisposable? held = files.TryLockDirectory(_directory.File("one"));
        held.Should().NotBeNull();
        files.TryLockDirectory(_directory.File("link")).Should().BeNull();
        files.TryLockDirectory(_directory.File("two")).Should().NotBeNull();
        held!.Dispose();
        files.TryLockDirectory(_directory.File("link")).Should().NotBeNull();
        Directory.GetFileSystemEntries(_directory.File("one")).Should().BeEmpty("Apache's broker refuses a commit log with another file");
        FluentActions.Invoking(() => files.TryLockDirectory(_directory.File("none"))).Should().Throw<StoreIOException>().Which.IsLockUnsupported.Should().BeFalse();
    }

    private StoreOptions Options(string root, string? log) => SmallStore.Options(_directory.File(root), commitLog: log);

    private static async Task<StoreException> RefusalOfAsync(StoreOptions options) =>
        (await FluentActions.Invoking(() => SmallStore.StartAsync(options)).Should().ThrowAsync<StoreException>()).Which;

    private sealed class NoFolderLocks(IStoreFileSystem inner) : ForwardingFileSystem(inner)
    {
        public override IDisposable? TryLockDirectory(string path) => throw new StoreIOException("flock", path, NoSuchLock, "Invalid argument");
    }
}
