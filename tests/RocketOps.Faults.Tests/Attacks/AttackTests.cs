using System.Globalization;
using RocketOps.Testing;
using RocketOps.Testing.Attacks;
using RocketOps.Testing.Processes;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Attacks;

/// <summary>
/// Whatever hostile clients do, an honest one is served: each of its requests is answered with success, and nothing of what it stored is lost, in the memory of a container of 680 MiB. Who asks whether the broker lives is told so.
/// How fast is measured by <c>bench/attack.sh</c>; <c>ROCKETOPS_ATTACK_SECONDS</c> makes this one go on for so long.
/// </summary>
public sealed class AttackTests(ITestOutputHelper output)
{
    // 512 MiB: beyond it the runtime gives no memory, and the broker would end.
    private const string Heap = "0x20000000";

    // A quarter of it, as by itself; the attack has to know.
    private const long HeldBytes = 128L * 1024 * 1024;

    private const int UsualSeconds = 15;
    private const int DeepSeconds = 60;
    private const int EnoughAnswers = 300;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Broker_AttackedInEveryWay_ServesAnHonestPeerAndHoldsNoMoreThanItMay()
    {
        int health = LoopbackPorts.Find(0);
        await using RocketOpsServer server = new(new ServerOptions
        {
            Broker = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["enablePropertyFilter"] = "true",
                ["maxHeldBytes"] = HeldBytes.ToString(CultureInfo.InvariantCulture),
                ["httpPort"] = health.ToString(CultureInfo.InvariantCulture),
                // That a send is refused while the disk is slow is another matter.
                ["osPageCacheBusyTimeOutMills"] = "600000",
            },
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["DOTNET_GCHeapHardLimit"] = Heap },
        });
        await server.StartAsync();
        await using HonestPeer peer = await HonestPeer.BeginAsync(server.BrokerAddress);
        await using LivezWatch lives = await LivezWatch.BeginAsync(health);
        await using (BrokerAttack attack = await BrokerAttack.BeginAsync(server.BrokerAddress, heldBytes: HeldBytes))
        {
            await Task.Delay(TimeSpan.FromSeconds(Seconds()));
            await Eventually.TrueAsync(() => peer.Served >= EnoughAnswers || peer.Complaints.Count > 0, "the honest peer is served", Patience);
            await WaitForBitesAsync(attack, peer);
            int told = lives.Told;
            await Eventually.TrueAsync(() => lives.Told > told || lives.Complaints.Count > 0, "it is told that the broker lives to the end", Patience);
        }

        await peer.EndAsync();
        await lives.EndAsync();
        output.WriteLine($"{peer.Describe()}; told {lives.Told} times that it lives");
        peer.Complaints.Should().BeEmpty("{0}", EndOf(server.Broker));
        lives.Complaints.Should().BeEmpty();
        peer.Messages.Read.Should().Be(peer.Messages.Sent);
        await server.StopBrokerAsync();
    }

    /// <summary>Until each way has done what it is there for; a way that asks for the wrong thing would pass for one that does no harm.</summary>
    private async Task WaitForBitesAsync(BrokerAttack attack, HonestPeer peer)
    {
        try
        {
            await Eventually.TrueAsync(() => attack.Bites.Values.All(static bites => bites > 0) || peer.Complaints.Count > 0, "each way of the attack bites", Patience);
        }
        finally
        {
            output.WriteLine(string.Join(", ", attack.Rounds.Select(way => $"{way.Key} {attack.Bites[way.Key]} of {way.Value}")));
        }
    }

    /// <summary>Why it has ended, if it has: its log is full of what it has refused.</summary>
    private static string EndOf(ChildProcess broker) => broker.HasExited
        ? $"the broker has ended: {string.Join('\n', broker.Error.Split('\n').Concat(broker.Output.Split('\n').Where(static line => line.Contains("rror", StringComparison.Ordinal) || line.Contains("ritical", StringComparison.Ordinal))).TakeLast(60))}"
        : "the broker runs";

    private static int Seconds() => int.TryParse(Environment.GetEnvironmentVariable("ROCKETOPS_ATTACK_SECONDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
        ? seconds
        : Depth.IsDeep ? DeepSeconds : UsualSeconds;
}
