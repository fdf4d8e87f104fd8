using System.Globalization;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Hosting;
using RocketOps.Broker.Tests.Support;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Hosting;

/// <summary>What the configuration does not say of the store follows its volume; what it says counts.</summary>
public sealed class StoreSizesTests : IDisposable
{
    private const string Gibibyte = "1073741824";
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Fit_NothingSet_FollowsTheVolumeAndIsToldToWhoAsks()
    {
        BrokerOptions options = Fit(("storeVolumeBytes", Gibibyte));

        options.Values.Enumerate().Should().Contain([new("mappedFileSizeCommitLog", "134217728"), new("mappedFileSizeConsumeQueue", "750000"), new("maxHashSlotNum", "625000"), new("maxIndexNum", "2500000")]);
        StoreOptions store = StoreOptionsFactory.Create(options, LargestBody.AlwaysStorable);
        store.Tuning.DiskWarningRatio.Should().Be(90);
        store.Tuning.DiskWarningBytes.Should().Be(32 << 20);
        store.Tuning.DiskCleanForciblyBytes.Should().Be(512 << 20);
    }

    [Fact]
    public void Fit_LengthsAndRatiosSet_LeavesThem()
    {
        BrokerOptions options = Fit(("storeVolumeBytes", Gibibyte), ("mappedFileSizeCommitLog", "16777216"), ("diskSpaceWarningLevelRatio", "80"), ("diskSpaceCleanForciblyRatio", "70"));

        StoreOptions store = StoreOptionsFactory.Create(options, LargestBody.AlwaysStorable);
        store.CommitLogFileBytes.Should().Be(16 << 20);
        store.IndexEntries.Should().Be(20_000_000, "whoever sets one length has the others as RocketMQ has them");
        store.Tuning.DiskWarningRatio.Should().Be(80);
        store.Tuning.DiskWarningBytes.Should().Be(long.MaxValue, "the ratio alone counts");
        store.Tuning.DiskCleanForciblyBytes.Should().Be(long.MaxValue);
    }

    [Fact]
    public void Fit_StoreThatExists_KeepsItsLengths()
    {
        Directory.CreateDirectory(_directory.File("commitlog"));
        using (FileStream log = File.Create(_directory.File("commitlog/00000000000000000000")))
        {
            log.SetLength(1 << 30);
        }

        StoreOptionsFactory.Create(Fit(("storeVolumeBytes", Gibibyte)), LargestBody.AlwaysStorable).CommitLogFileBytes.Should().Be(1 << 30, "it would not open with another");
    }

    /// <summary>A copy that hangs is to leave those in sync before a send gives up.</summary>
    [Theory]
    [InlineData("None", 200, 200)]
    [InlineData("Automatic", 200, 6_500)]
    [InlineData("Automatic", 7_000, 7_000)]
    public void Tuning_InAGroupThatElectsItsMaster_SendsWaitForLongerThanAFollowerMayBeLate(string failover, int slaveTimeoutMs, int waitsMs)
    {
        BrokerOptions options = Fit(
            ("failover", failover), ("memberName", "a"), ("groupMembers", "a@h:1,b@h:2"), ("leaseStore", "file:/var/lease"), ("slaveTimeout", slaveTimeoutMs.ToString(CultureInfo.InvariantCulture)));

        StoreOptionsFactory.TuningOf(options).SlaveTimeoutMs.Should().Be(waitsMs);
    }

    private BrokerOptions Fit(params (string Key, string Value)[] settings)
    {
        Dictionary<string, string> values = settings.ToDictionary(static pair => pair.Key, static pair => pair.Value, StringComparer.Ordinal);
        values["storePathRootDir"] = _directory.Path;
        return StoreSizes.Fit(TestBroker.OptionsOf(values), new LinuxFileSystem());
    }
}
