using System.Globalization;
using RocketOps.Testing;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Loops;

/// <summary>
/// A program whose event loop fails, or is stuck, ends by itself: its store is closed as after a stop, and its exit code says that it is to be started again. From the loop through the
/// server and its host to <c>Program</c>, of the broker and of the name server.
/// </summary>
public sealed class BrokenLoopTests
{
    private const string Topic = "Loops";
    private const int Sends = 50;
    private const int ExitCannotServe = 1;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [SkippableFact]
    public Task Loop_Fails_BrokerStopsInOrderAndEndsWithOne() => AssertBrokerEndsAsync(BrokenLoop.Fail);

    // Deep: a loop is stuck after a minute.
    [SkippableFact]
    [Trait("ring", RingRules.Deep)]
    public Task Loop_IsStuck_BrokerStopsInOrderWithoutItAndEndsWithOne() => AssertBrokerEndsAsync(BrokenLoop.Hold);

    [SkippableFact]
    public async Task Loop_Fails_NameServerEndsWithOne()
    {
        SkipWithoutCompiler();
        using BrokenLoop loop = await BrokenLoop.BuildAsync();
        using TempDirectory directory = new("loops-");
        int port = LoopbackPorts.Find(0);
        string address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        await using ChildProcess nameServer = ChildProcess.Start(
            Programs.NameServer,
            ["--bindAddress=127.0.0.1", string.Create(CultureInfo.InvariantCulture, $"--listenPort={port}"), $"--kvConfigPath={directory.File("kvConfig.json")}"],
            loop.Environment,
            directory.Path);
        await Eventually.TrueAsync(() => RawConnection.IsListeningAsync(address), "the name server listens", Patience);

        await loop.BreakAsync(BrokenLoop.Fail, address);

        AssertEndedWithOne(await nameServer.WaitAsync(Patience));
    }

    private static async Task AssertBrokerEndsAsync(string how)
    {
        SkipWithoutCompiler();
        using BrokenLoop loop = await BrokenLoop.BuildAsync();
        await using RocketOpsServer server = new(new ServerOptions { Environment = loop.Environment });
        await server.StartAsync();
        await using (RawConnection client = await RawConnection.ConnectAsync(server.BrokerAddress))
        {
            (await RawBroker.CreateTopicAsync(client, Topic, 1)).Code.Should().Be(RawBroker.Success);
            for (int i = 0; i < Sends; i++)
            {
                (await RawBroker.SendAsync(client, Topic, 0, "stored"u8.ToArray())).Code.Should().Be(RawBroker.Success);
            }
        }

        string abort = Path.Combine(server.StoreDirectory, "abort");
        File.Exists(abort).Should().BeTrue("a store that is open has it");

        await loop.BreakAsync(how, server.BrokerAddress);

        AssertEndedWithOne(await server.Broker.WaitAsync(Patience));
        File.Exists(abort).Should().BeFalse("the store was closed");
        await server.Broker.DisposeAsync();
        await server.StartBrokerAsync();
        await using (RawConnection client = await RawConnection.ConnectAsync(server.BrokerAddress))
        {
            (await RawBroker.PullAsync(client, Topic, 0, Sends - 1)).Code.Should().Be(RawBroker.Success);
        }

        await server.StopBrokerAsync();
    }

    private static void SkipWithoutCompiler()
    {
        string? missing = RingRules.Current.WhySkip(RingRules.Faults, BrokenLoop.WhyMissing());
        Skip.If(missing is not null, missing);
    }

    private static void AssertEndedWithOne(ProcessResult result)
    {
        result.ExitCode.Should().Be(ExitCannotServe, "{0}", result);
        result.Output.Should().Contain("A part that nothing can replace has failed", "that is why it ended");
    }
}
