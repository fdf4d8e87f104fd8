using RocketOps.Broker.Configuration;
using RocketOps.Broker.Hosting;
using RocketOps.Broker.Sending;
using RocketOps.Broker.Tests.Support;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Hosting;

public sealed class LargestBodyTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Settle_LimitIsLoweredAndRaised_KeepsTheLargest()
    {
        Settle(4_000_000).Should().Be(LargestBody.AlwaysStorable);
        File.Exists(_directory.File("config", "largestBody")).Should().BeFalse("there is nothing to remember");
        Settle(9_000_000).Should().Be(9_000_000);
        Settle(8_000_000).Should().Be(9_000_000);
        Settle(12_000_000).Should().Be(12_000_000);
        Settle(1_000).Should().Be(12_000_000);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("nine")]
    [InlineData("2147483647")]
    [InlineData("99999999999")]
    public void Settle_FileIsDamaged_HasWhatThereIsInAnyCase(string content)
    {
        Directory.CreateDirectory(_directory.File("config"));
        File.WriteAllText(_directory.File("config", "largestBody"), content);

        Settle(4_000_000).Should().Be(LargestBody.AlwaysStorable);
    }

    private int Settle(int limit)
    {
        BrokerOptions options = TestBroker.OptionsOf(new(StringComparer.Ordinal) { ["storePathRootDir"] = _directory.Path, ["maxMessageSize"] = $"{limit}" });
        return LargestBody.Settle(options, SendOptions.From(options.Values), new LinuxFileSystem());
    }
}
