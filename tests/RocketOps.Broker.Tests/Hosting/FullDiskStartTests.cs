using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Logging;

namespace RocketOps.Broker.Tests.Hosting;

/// <summary>A broker that starts on a disk without a free block.</summary>
public sealed class FullDiskStartTests
{
    private static readonly Dictionary<string, string> Settings = new(StringComparer.Ordinal)
    {
        ["storePathRootDir"] = "/store",
        ["mappedFileSizeCommitLog"] = "65536",
    };

    [Fact]
    public async Task Start_OnADiskWithoutAFreeBlock_ServesReadsAndTakesMessagesWhenThereIsRoom()
    {
        MemoryFileSystem files = new() { Capacity = 1L << 30 };
        await using (TestBroker first = await TestBroker.StartAsync(Settings, fileSystem: files))
        {
            await first.CreateTopicAsync("T");
            await first.SendAsync("T", "before");
            await first.SubscribeAsync("g", "T");
        }

        files.TakenByOthers = files.Capacity.Value;
        RecordingLoggerFactory log = new();
        await using TestBroker broker = await TestBroker.StartAsync(Settings, fileSystem: files, loggers: log);

        await broker.SubscribeAsync("g", "T");
        RemotingCommand pulled = await broker.PullAsync("g", "T", 0, 0);
        pulled.Code.Should().Be(ResponseCode.Success, pulled.Remark);
        Encoding.UTF8.GetString(pulled.Body.Span).Should().Contain("before");
        RemotingCommand? refused = null;
        for (int i = 0; i < 10 && refused is null; i++)
        {
            RemotingCommand answer = await broker.InvokeAsync(Requests.Send("T", new string('x', 20_000), 0, "", "pg"));
            refused = answer.Code == ResponseCode.Success ? null : answer;
        }

        refused!.Code.Should().Be(ResponseCode.ServiceNotAvailable, "blocks that are reserved are used up soon");
        refused.Remark.Should().Contain("disk is full");
        log.Entries.Where(static line => line.Event == 3690).Should().HaveCount(2).And.OnlyContain(static line => line.Level == LogLevel.Warning);
        log.Messages.Should().Contain(static text => text.Contains("/store/config/topics.json.tmp", StringComparison.Ordinal));

        files.TakenByOthers = 0;
        await Eventually.TrueAsync(async () => (await broker.InvokeAsync(Requests.Send("T", "after", 0, "", "pg"))).Code == ResponseCode.Success, "it takes messages again by itself");
        await broker.CreateTopicAsync("T2");
    }
}
