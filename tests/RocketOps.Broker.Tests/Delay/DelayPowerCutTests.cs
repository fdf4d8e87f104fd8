using RocketOps.Broker.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Delay;

/// <summary>
/// The power goes off after delayed messages were delivered and their progress was written: what the file says was delivered must be on the disk, or messages that had
/// been durable for hours would never arrive.
/// </summary>
public sealed class DelayPowerCutTests
{
    private const string Root = "/store";
    private const int Messages = 40;

    [Theory]
    [InlineData("ASYNC_FLUSH")]
    [InlineData("SYNC_FLUSH")]
    public async Task PowerCut_AfterTheProgressWasWritten_EveryDelayedMessageArrives(string flush)
    {
        MemoryFileSystem files = new();
        await DelayedMessages.WriteAsync(files, Root, Messages);

        // Nothing but the progress itself makes the log durable here.
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["storePathRootDir"] = Root,
            ["flushDiskType"] = flush,
            ["flushIntervalCommitLog"] = "3600000",
            ["flushDelayOffsetInterval"] = "3600000",
            ["messageDelayLevel"] = "0s",
        };
        await using TestBroker broker = await TestBroker.StartAsync(settings, fileSystem: files);
        await Eventually.TrueAsync(() => broker.Host.Modules.Offsets.Delays.Get(1) == Messages, "all are delivered");
        await broker.Host.Modules.Offsets.Delays.PersistAsync();

        for (int seed = 0; seed < 10; seed++)
        {
            await using TestBroker next = await TestBroker.StartAsync(settings, fileSystem: files.AfterPowerCut(new Random(seed)));
            await next.CreateTopicAsync("Delayed");
            await next.SubscribeAsync("g", "Delayed");
            await Eventually.TrueAsync(() => next.Host.Modules.Offsets.Delays.Get(1) == Messages, "what had to be delivered again is");

            IEnumerable<string> received = Requests.Decode(await next.PullAsync("g", "Delayed", 0, 0)).Concat(Requests.Decode(await next.PullAsync("g", "Delayed", 0, 32)))
                .Select(static message => message.Body);
            received.Distinct(StringComparer.Ordinal).Should().HaveCount(Messages, $"with seed {seed}");
        }
    }
}
