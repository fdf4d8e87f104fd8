using System.Globalization;
using RocketOps.Testing;
using RocketOps.Testing.Attacks;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Servers;
using Xunit.Abstractions;

namespace RocketOps.Faults.Tests.Attacks;

/// <summary>
/// Whatever hostile clients do, an honest one is served: each of its requests is answered with success, and nothing of what it stored is lost, in the memory of a container of 680 MiB.
/// How fast is measured by <c>bench/attack.sh</c>; <c>ROCKETOPS_ATTACK_SECONDS</c> makes this one go on for so long.
/// </summary>
public sealed class AttackTests(ITestOutputHelper output)
{
    // 512 MiB: beyond it the runtime gives no memory, and the broker would end.
    private const string Heap = "0x20000000";

    private const int UsualSeconds = 15;
    private const int DeepSeconds = 60;
    private const int EnoughAnswers = 300;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Broker_AttackedInEveryWay_ServesAnHonestPeerAndHoldsNoMoreThanItMay()
    {
        await using RocketOpsServer server = new(new ServerOptions
        {
            Broker = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["enablePropertyFilter"] = "true",
                // That a send is refused while the disk is slow is another matter.
                ["osPageCacheBusyTimeOutMills"] = "600000",
            },
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["DOTNET_GCHeapHardLimit"] = Heap },
        });
        await server.StartAsync();
        await using HonestPeer peer = await HonestPeer.BeginAsync(server.BrokerAddress);
        await using (BrokerAttack attack = await BrokerAttack.BeginAsync(server.BrokerAddress))
        {
            await Task.Delay(TimeSpan.FromSeconds(Seconds()));
            await Eventually.TrueAsync(() => peer.Served >= EnoughAnswers || peer.Complaints.Count > 0, "the honest peer is served", Patience);
            output.WriteLine(string.Join(", ", attack.Rounds.Select(static way => $"{way.Key} {way.Value}")));
        }

        await peer.EndAsync();
        output.WriteLine(peer.Describe());
        peer.Complaints.Should().BeEmpty();
        peer.Messages.Read.Should().Be(peer.Messages.Sent);
        await server.StopBrokerAsync();
    }

    private static int Seconds() => int.TryParse(Environment.GetEnvironmentVariable("ROCKETOPS_ATTACK_SECONDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
        ? seconds
        : Depth.IsDeep ? DeepSeconds : UsualSeconds;
}
