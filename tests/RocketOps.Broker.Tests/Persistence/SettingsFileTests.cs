using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Persistence;
using RocketOps.Broker.Tests.Support;
using RocketOps.Hosting.Properties;
using RocketOps.Store.Files;
using RocketOps.Testing;

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

    [Fact]
    public async Task Save_FolderIsGone_UpdateStillHolds()
    {
        BrokerSettings settings = new(TestBroker.OptionsOf([]));
        PropertyEntry[] changes = [new PropertyEntry("traceOn", "false", new PropertyOrigin("test", 1))];
        settings.TryUpdate(changes);

        await new SettingsFile(_directory.File("gone", "broker.conf"), new LinuxFileSystem(), NullLogger<SettingsFile>.Instance).SaveAsync(settings.Current.Values, changes);

        settings.Current.TraceOn.Should().BeFalse();
    }

    public void Dispose() => _directory.Dispose();
}
