using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Hosting;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Hosting;

/// <summary>A broker without room says so to producers, to who asks for its figures and to who measures it, and goes on by itself.</summary>
public sealed class FullDiskTests
{
    private const long MiB = 1024 * 1024;

    [Theory]
    [InlineData(null, 1, "the log needs 4096 KiB at once, 1 MiB were free at the last look", "the disk is full: no room for the next part of the log")]
    [InlineData("90", 50, "98 % used, diskSpaceWarningLevelRatio is 90 %, 50 MiB free", "the disk is full: more than 90 % of it are used (diskSpaceWarningLevelRatio)")]
    public async Task Send_NoRoom_IsRefusedEverybodyIsToldWhyAndItEndsByItself(string? ratio, int freeMiB, string remark, string figure)
    {
        ReportedDisk disk = new() { Space = new DiskSpace(2000 * MiB, freeMiB * MiB, freeMiB * MiB) };
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["diskSpaceWarningLevelRatio"] = ratio ?? "100", ["httpPort"] = "-1" };
        await using TestBroker broker = await TestBroker.StartAsync(settings, fileSystem: disk);
        await broker.CreateTopicAsync("T");

        RemotingCommand refused = await broker.InvokeAsync(Requests.Send("T", "body", 0, string.Empty, "pg"));

        refused.Code.Should().Be(ResponseCode.ServiceNotAvailable);
        refused.Remark.Should().Be($"service not available now: the disk is full ({remark})");
        (await broker.RefusalAsync()).Should().Be(("DISK", figure));
        (await MetricsAsync(broker)).Should().MatchRegex("(?m)^rocketops_disk_full\\{.*\\} 1$");

        disk.Space = new DiskSpace(2000 * MiB, 1000 * MiB, 1000 * MiB);
        await Eventually.TrueAsync(async () => (await broker.InvokeAsync(Requests.Send("T", "body", 0, string.Empty, "pg"))).Code == ResponseCode.Success, "there is room again");
        (await broker.RefusalAsync()).Should().Be(((string?)null, (string?)null));
        (await MetricsAsync(broker)).Should().MatchRegex("(?m)^rocketops_disk_full\\{.*\\} 0$");
    }

    [Fact]
    public async Task Send_DiskThatOthersHaveFilledByDefaultRatios_IsStored()
    {
        // As a laptop's: 95 % of 256 GiB are used.
        ReportedDisk disk = new() { Space = new DiskSpace(256 * 1024 * MiB, 12 * 1024 * MiB, 12 * 1024 * MiB) };
        using TempDirectory directory = new();
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["brokerIP1"] = "127.0.0.1", ["bindAddress"] = "127.0.0.1", ["listenPort"] = "0", ["storePathRootDir"] = directory.Path };
        await using BrokerHost host = await BrokerHost.StartAsync(TestBroker.OptionsOf(settings), NullLoggerFactory.Instance, fileSystem: disk);

        host.Modules.Host.Store.Flags.Should().Be(StoreFlags.None);
    }

    private static async Task<string> MetricsAsync(TestBroker broker)
    {
        using HttpClient client = new();
        return await client.GetStringAsync($"http://{broker.Host.HttpEndPoint}/metrics");
    }
}
