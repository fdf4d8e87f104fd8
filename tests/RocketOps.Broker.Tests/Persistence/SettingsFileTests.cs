using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Persistence;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Tests.Support;
using RocketOps.Hosting.Properties;
using RocketOps.Store.Files;
using RocketOps.Testing;
using RocketOps.Testing.Logging;

namespace RocketOps.Broker.Tests.Persistence;

public sealed class SettingsFileTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    [Fact]
    public async Task Save_ChangedKey_OutlastsTheProcessAndLeavesTheOthers()
    {
        string path = _directory.File("broker.conf");
        await File.WriteAllTextAsync(path, "# mine\nbrokerName=broker-a\ntraceOn=true\n");
        BrokerSettings settings = new(TestBroker.OptionsOf([]));
        PropertyEntry[] changes = [new PropertyEntry("traceOn", "FALSE", new PropertyOrigin("test", 1)), new PropertyEntry("regionId", "Mars", new PropertyOrigin("test", 2))];
        settings.TryUpdate(changes).Should().BeEmpty();

        await new SettingsFile(path, new LinuxFileSystem(), NullLogger<SettingsFile>.Instance).SaveAsync(settings.Current.Values, changes);

        (await File.ReadAllLinesAsync(path)).Should().Equal("brokerName=broker-a", "regionId=Mars", "traceOn=false");
        (await File.ReadAllTextAsync(path + ".bak")).Should().StartWith("# mine");
    }

    /// <summary>The next start reads this file and no other: whichever call a kill comes at, the file is there as a whole.</summary>
    [Fact]
    public async Task Save_EndedAtAnyCall_LeavesTheOldFileOrTheNewOne()
    {
        string path = _directory.File("broker.conf");
        string[] whole = ["brokerName=broker-a\ntraceOn=true\n", "brokerName=broker-a\ntraceOn=false\n"];
        await File.WriteAllTextAsync(path, whole[0]);
        await File.WriteAllTextAsync(path + ".bak", "traceOn=true\n");
        BrokerSettings settings = new(TestBroker.OptionsOf([]));
        PropertyEntry[] changes = [new PropertyEntry("traceOn", "false", new PropertyOrigin("test", 1))];
        settings.TryUpdate(changes).Should().BeEmpty();
        List<string> seen = [];
        ObservedFileSystem files = new(new LinuxFileSystem(), () => seen.Add(File.Exists(path) ? File.ReadAllText(path) : "missing"));

        await new SettingsFile(path, files, NullLogger<SettingsFile>.Instance).SaveAsync(settings.Current.Values, changes);

        seen.Should().NotBeEmpty().And.OnlyContain(content => whole.Contains(content));
        (await File.ReadAllTextAsync(path)).Should().Be(whole[1]);
        (await File.ReadAllTextAsync(path + ".bak")).Should().Be(whole[0]);
    }

    /// <summary>A file that somebody else keeps says it already: it is not touched, and no log tells that it could not be.</summary>
    [Fact]
    public async Task Save_FileSaysItAlready_IsLeftAsItIs()
    {
        string path = _directory.File("live.conf");
        await File.WriteAllTextAsync(path, "# mine\ntraceOn=false\n");
        BrokerSettings settings = new(TestBroker.OptionsOf([]));
        PropertyEntry[] changes = [new PropertyEntry("traceOn", "FALSE", new PropertyOrigin("test", 1))];
        settings.TryUpdate(changes).Should().BeEmpty();

        await new SettingsFile(path, new LinuxFileSystem(), NullLogger<SettingsFile>.Instance).SaveAsync(settings.Current.Values, changes);

        (await File.ReadAllTextAsync(path)).Should().Be("# mine\ntraceOn=false\n");
    }

    [Fact]
    public async Task Save_FolderIsGone_UpdateStillHolds()
    {
        BrokerSettings settings = new(TestBroker.OptionsOf([]));
        PropertyEntry[] changes = [new PropertyEntry("traceOn", "false", new PropertyOrigin("test", 1))];
        settings.TryUpdate(changes);

        await new SettingsFile(_directory.File("gone", "broker.conf"), new LinuxFileSystem(), NullLogger<SettingsFile>.Instance).SaveAsync(settings.Current.Values, changes);

        settings.Of<SendOptions>().Value.TraceOn.Should().BeFalse();
    }

    /// <summary>In a pod the file is a ConfigMap's, and the operator sends many an update.</summary>
    [Theory]
    [InlineData(StoreIOException.ReadOnlyFileSystem, LogLevel.Information)]
    [InlineData(StoreIOException.AccessDenied, LogLevel.Information)]
    [InlineData(StoreIOException.NoSpace, LogLevel.Warning)]
    public async Task Save_CannotBeWritten_WarnsOnceOfAReadOnlyFileAndOfAnythingElseEachTime(int errno, LogLevel second)
    {
        string path = _directory.File("live.conf");
        await File.WriteAllTextAsync(path, "traceOn=true\n");
        using RecordingLoggerFactory logs = new();
        MemoryFileSystem files = new() { Fault = (_, _) => errno };
        SettingsFile file = new(path, files, logs.CreateLogger<SettingsFile>());
        BrokerSettings settings = new(TestBroker.OptionsOf([]));

        foreach (string value in (string[])["false", "true", "false"])
        {
            PropertyEntry[] changes = [new PropertyEntry("traceOn", value, new PropertyOrigin("test", 1)), new PropertyEntry("regionId", "Mars", new PropertyOrigin("test", 2))];
            settings.TryUpdate(changes).Should().BeEmpty();
            await file.SaveAsync(settings.Current.Values, changes);
        }

        logs.Entries.Select(static entry => (entry.Event, entry.Level)).Should().Equal((3402, LogLevel.Warning), (3402, second), (3402, second));
        settings.Of<SendOptions>().Value.TraceOn.Should().BeFalse("it holds all the same");
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Lets a test look at the disk as a kill at each call would leave it.</summary>
    private sealed class ObservedFileSystem(IStoreFileSystem files, Action look) : ForwardingFileSystem(files)
    {
        public override IStoreFile Open(string path, FileOpenMode mode)
        {
            IStoreFile file = base.Open(path, mode);
            look();
            return file;
        }

        public override void Rename(string from, string to)
        {
            base.Rename(from, to);
            look();
        }

        public override void FlushDirectory(string path)
        {
            look();
            base.FlushDirectory(path);
        }
    }
}
