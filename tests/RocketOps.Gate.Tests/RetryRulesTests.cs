namespace RocketOps.Gate.Tests;

public sealed class RetryRulesTests
{
    [Theory]
    [InlineData("System.TimeoutException : not within 180 s: the broker serves")]
    [InlineData("Xunit.Sdk.XunitException\nRemotingTimeoutException: wait response on the channel <127.0.0.1:22578> timeout, 2087(ms)")]
    [InlineData("127.0.0.1:27241 did not answer request code 17 within 5000 ms")]
    [InlineData("failed: 1 of rocketops bench e2e\nthe disk did not take the message in time (syncFlushTimeout)")]
    [InlineData("System.Threading.Tasks.TaskCanceledException : A task was canceled.")]
    public void MayRunAgain_ATimeRanOut_True(string message) => RetryRules.MayRunAgain(Failed("RocketOps.Cli.Tests", "RocketOps.Cli.Tests.Up.UpTests.Up_Demo", message)).Should().BeTrue();

    [Theory]
    [InlineData("Expected sent to be 5, but found 4.")]
    [InlineData("System.NullReferenceException : Object reference not set to an instance of an object.")]
    // The cause stands first: what a test quotes further down is no cause.
    [InlineData("Expected codes to be equal\n1\n2\n3\n4\nTimeoutException")]
    public void MayRunAgain_AWrongValue_False(string message) => RetryRules.MayRunAgain(Failed("RocketOps.Cli.Tests", "RocketOps.Cli.Tests.Up.UpTests.Up_Demo", message)).Should().BeFalse();

    [Theory]
    [InlineData("RocketOps.Store.Tests", "RocketOps.Store.Tests.Log.AppendTests.Append")]
    [InlineData("RocketOps.Faults.Tests", "RocketOps.Faults.Tests.HangTests.Write")]
    [InlineData("RocketOps.Broker.Tests", "RocketOps.Broker.Tests.Hosting.AllocationTests.Send")]
    [InlineData("RocketOps.Client.Tests", "RocketOps.Client.Tests.Consuming.OrderlyConsumerTests.Stop")]
    [InlineData("RocketOps.Operator.Tests", "RocketOps.Operator.Tests.Crashes.CrashTests.Ends")]
    public void MayRunAgain_WhereDataIsProven_False(string project, string method) => RetryRules.MayRunAgain(Failed(project, method, "not within 180 s: x")).Should().BeFalse();

    private static TestResult Failed(string project, string method, string message) =>
        new(project, method, method, Outcome.Failed, TimeSpan.Zero, DateTimeOffset.UnixEpoch, message, "", "");
}
