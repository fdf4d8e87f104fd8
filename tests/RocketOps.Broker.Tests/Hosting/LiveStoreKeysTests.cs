using System.Text;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Transactions;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Contracts;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Hosting;

/// <summary>Keys of the store that UPDATE_BROKER_CONFIG changes in a broker that runs.</summary>
public sealed class LiveStoreKeysTests
{
    /// <summary>A full disk is no time for a restart.</summary>
    [Fact]
    public async Task UpdateConfig_FileReservedTimeIsLowered_ExpiredFilesGoWhileTheBrokerRuns()
    {
        FakeTimeProvider time = new();
        await using TestBroker broker = await StartAsync(time);
        await FillAsync(broker);
        broker.Host.Modules.Host.Store.GetStats().MinOffset.Value.Should().Be(0, "files of 1970 are kept for longer than that");

        (await UpdateAsync(broker, "fileReservedTime=72")).Code.Should().Be(ResponseCode.Success);

        await Eventually.TrueAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromSeconds(10));
                await broker.SendAsync("T", "wakes the store's thread");
                return broker.Host.Modules.Host.Store.GetStats().MinOffset.Value > 0;
            },
            "expired files are removed");
        (await ConfigAsync(broker)).Should().Contain("fileReservedTime=72");
        broker.Host.Modules.Host.Options<TransactionOptions>().Value.FileReservedTime.Should().Be(TimeSpan.FromHours(72), "halves of transactions expire with them");
    }

    [Fact]
    public async Task UpdateConfig_KeysOfTheStore_AreInForceAtOnce()
    {
        await using TestBroker broker = await StartAsync(new FakeTimeProvider());

        RemotingCommand answer = await UpdateAsync(
            broker,
            "deleteWhen=01;13\ndiskMaxUsedSpaceRatio=60\ndiskSpaceWarningLevelRatio=80\ndiskSpaceCleanForciblyRatio=70\ncleanFileForciblyEnable=false\nflushIntervalCommitLog=200\nsyncFlushTimeout=4000\nslaveTimeout=2000\n"
            + "osPageCacheBusyTimeOutMills=900\nmaxTransferBytesOnMessageInMemory=1000\nmaxTransferCountOnMessageInMemory=10\nmaxTransferBytesOnMessageInDisk=500\nmaxTransferCountOnMessageInDisk=5\naccessMessageInMemoryMaxRatio=30");

        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        broker.Host.Modules.Host.Store.Tuning.Should().BeEquivalentTo(new StoreTuning
        {
            FileReservedHours = 1_000_000,
            DeleteHours = [1, 13],
            DiskMaxUsedRatio = 60,
            DiskWarningRatio = 80,
            DiskWarningBytes = long.MaxValue,
            DiskCleanForciblyRatio = 70,
            DiskCleanForciblyBytes = long.MaxValue,
            CleanFilesForcibly = false,
            FlushIntervalMs = 200,
            SyncFlushTimeoutMs = 4000,
            SlaveTimeoutMs = 2000,
            PageCacheBusyTimeoutMs = 900,
            MaxTransferBytesInMemory = 1000,
            MaxTransferCountInMemory = 10,
            MaxTransferBytesOnDisk = 500,
            MaxTransferCountOnDisk = 5,
            AccessMessageInMemoryMaxRatio = 30,
        });

        // Empty is not set, and then the ratio alone does not count.
        (await UpdateAsync(broker, "diskSpaceWarningLevelRatio=\ndiskSpaceCleanForciblyRatio=")).Code.Should().Be(ResponseCode.Success);
        StoreTuning unset = broker.Host.Modules.Host.Store.Tuning;
        (unset.DiskWarningRatio, unset.DiskWarningBytes).Should().Be((90, 65536 / 4));
        (unset.DiskCleanForciblyRatio, unset.DiskCleanForciblyBytes).Should().Be((85, 65536 * 4));
    }

    [Theory]
    [InlineData("fileReservedTime=0", "fileReservedTime: \"0\" is not allowed; allowed: a whole number from 1 to 2147483647 (default 72)")]
    [InlineData("deleteWhen=4;24", "deleteWhen: \"4;24\" is not allowed; allowed: hours of the day separated by `;` (default 04)")]
    [InlineData("diskMaxUsedSpaceRatio=101", "diskMaxUsedSpaceRatio: \"101\" is not allowed; allowed: a whole number from 1 to 100 (default 75)")]
    public async Task UpdateConfig_OutOfBounds_IsRefusedAsAtAStartAndNothingChanges(string line, string remark)
    {
        await using TestBroker broker = await StartAsync(new FakeTimeProvider());
        StoreTuning before = broker.Host.Modules.Host.Store.Tuning;

        RemotingCommand refused = await UpdateAsync(broker, $"cleanFileForciblyEnable=false\n{line}");

        (refused.Code, refused.Remark).Should().Be((ResponseCode.InvalidParameter, remark));
        broker.Host.Modules.Host.Store.Tuning.Should().BeSameAs(before);
        (await ConfigAsync(broker)).Should().Contain("cleanFileForciblyEnable=true");
    }

    private static Task<TestBroker> StartAsync(TimeProvider time)
    {
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["storePathRootDir"] = "/store",
            ["mappedFileSizeCommitLog"] = "65536",
            ["fileReservedTime"] = "1000000",
            ["deleteWhen"] = string.Join(';', Enumerable.Range(0, 24)),
        };
        return TestBroker.StartAsync(settings, fileSystem: new MemoryFileSystem(), time: time);
    }

    /// <summary>A few files of the log.</summary>
    private static async Task FillAsync(TestBroker broker)
    {
        await broker.CreateTopicAsync("T");
        for (int i = 0; i < 20; i++)
        {
            await broker.SendAsync("T", new string('x', 20_000));
        }
    }

    private static Task<RemotingCommand> UpdateAsync(TestBroker broker, string lines)
    {
        RemotingCommand update = RemotingCommand.CreateRequest(RequestCode.UpdateBrokerConfig);
        update.Body = Encoding.UTF8.GetBytes(lines);
        return broker.InvokeAsync(update);
    }

    private static async Task<string[]> ConfigAsync(TestBroker broker) =>
        Encoding.UTF8.GetString((await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetBrokerConfig))).Body.Span).Split('\n');
}
