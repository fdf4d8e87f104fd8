using System.Net;
using System.Net.Sockets;
using RocketOps.Testing;
using RocketOps.Testing.Rings;

namespace RocketOps.Faults.Tests.Wires;

/// <summary>The wire does to a connection of the kernel's what it is told, and nothing else. By counting packets: how long anything takes is not looked at.</summary>
[Trait("ring", RingRules.Deep)]
public sealed class WireTests
{
    private const int Seed = 1;

    /// <summary>So often a kernel has sent again what it got no answer to, when something was to come through if it could.</summary>
    private const int Retransmissions = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [SkippableFact]
    public async Task Undisturbed_EverythingPasses()
    {
        await using WiredNetwork network = await CreateAsync();
        using WiredConnection connection = await WiredConnection.OpenAsync(network.Machines[0], network.Machines[1]);

        await AssertComesAsync(connection.Client, connection.Server, Noise(1_000_000));
        await AssertComesAsync(connection.Server, connection.Client, Noise(1_000_000));

        network.Wire.Passed.Should().BeGreaterThan(2_000_000 / 1500, "no packet is longer than 1500 bytes");
        (network.Wire.Lost, network.Wire.Delayed).Should().Be((0, 0));
    }

    [SkippableFact]
    public async Task Cut_NothingComesUntilItIsHealed()
    {
        await using WiredNetwork network = await CreateAsync();
        using WiredConnection connection = await WiredConnection.OpenAsync(network.Machines[0], network.Machines[1]);
        byte[] sent = Noise(100);
        Spoil(network, from: 0, to: 1, WireFault.Cut);
        Spoil(network, from: 1, to: 0, WireFault.Cut);

        await connection.Client.SendAsync(sent);
        await Eventually.TrueAsync(() => network.Wire.Lost >= Retransmissions, "the kernel has tried again", Patience);
        connection.Server.Available.Should().Be(0, "nothing comes through");

        network.Wire.Heal();
        (await ReceivedAsync(connection.Server, sent.Length)).Should().Equal(sent, "it is sent again until it comes");
    }

    [SkippableFact]
    public async Task Cut_OneWay_TheOtherWayPasses()
    {
        await using WiredNetwork network = await CreateAsync();
        using WiredConnection connection = await WiredConnection.OpenAsync(network.Machines[0], network.Machines[1]);
        byte[] sent = Noise(100);
        Spoil(network, from: 1, to: 0, WireFault.Cut);

        await AssertComesAsync(connection.Client, connection.Server, sent);
        await connection.Server.SendAsync(sent);
        await Eventually.TrueAsync(() => network.Wire.Lost >= Retransmissions, "the kernel has tried again, and has confirmed again", Patience);
        connection.Client.Available.Should().Be(0, "it hears nothing");

        network.Wire.Heal();
        (await ReceivedAsync(connection.Client, sent.Length)).Should().Equal(sent, "it is sent again until it comes");
    }

    [SkippableFact]
    public async Task Loss_TcpBringsEverythingAllTheSame()
    {
        await using WiredNetwork network = await CreateAsync();
        using WiredConnection connection = await WiredConnection.OpenAsync(network.Machines[0], network.Machines[1]);
        Spoil(network, from: 0, to: 1, new WireFault(LossPercent: 10));

        await AssertComesAsync(connection.Client, connection.Server, Noise(200_000));

        network.Wire.Lost.Should().BePositive();
        network.Wire.Passed.Should().BePositive();
    }

    [SkippableFact]
    public async Task Delay_HoldsBackWhatWasSent()
    {
        await using WiredNetwork network = await CreateAsync();
        using WiredConnection connection = await WiredConnection.OpenAsync(network.Machines[0], network.Machines[1]);
        byte[] sent = Noise(100);
        Spoil(network, from: 0, to: 1, new WireFault(DelayMillis: 3_600_000));

        await connection.Client.SendAsync(sent);
        await Eventually.TrueAsync(() => network.Wire.Delayed >= Retransmissions, "the kernel has tried again", Patience);
        connection.Server.Available.Should().Be(0, "it is on its way for an hour");

        network.Wire.Heal();
        (await ReceivedAsync(connection.Server, sent.Length)).Should().Equal(sent, "it is sent again, and that is not late");
        network.Wire.Lost.Should().Be(0);
    }

    [SkippableFact]
    public async Task Delay_WithJitter_PacketsOvertakeAndTcpPutsThemInOrder()
    {
        await using WiredNetwork network = await CreateAsync();
        using WiredConnection connection = await WiredConnection.OpenAsync(network.Machines[0], network.Machines[1]);
        Spoil(network, from: 0, to: 1, new WireFault(DelayMillis: 5, JitterMillis: 20));

        await AssertComesAsync(connection.Client, connection.Server, Noise(1_000_000));

        network.Wire.Delayed.Should().BeGreaterThan(1_000_000 / 1500);
    }

    [SkippableFact]
    public async Task OwnMachine_ReachesTheOthersByTheWire()
    {
        await using WiredNetwork network = await CreateAsync();
        using TcpListener listener = new(network.Own.Address, 0);
        listener.Start();
        using Socket client = await network.Machines[1].InsideAsync(static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using Socket server = await listener.AcceptSocketAsync();

        await AssertComesAsync(client, server, Noise(10_000));

        network.Wire.Passed.Should().BePositive();
    }

    private static async Task<WiredNetwork> CreateAsync()
    {
        string? missing = RingRules.Current.WhySkip(RingRules.Faults, await WiredNetwork.WhyMissingAsync());
        Skip.If(missing is not null, missing);
        return await WiredNetwork.CreateAsync(machines: 2, Seed);
    }

    private static void Spoil(WiredNetwork network, int from, int to, WireFault fault) => network.Wire.Spoil(network.Machines[from].Place.Address, network.Machines[to].Place.Address, fault);

    private static async Task AssertComesAsync(Socket from, Socket to, byte[] sent)
    {
        Task<byte[]> received = ReceivedAsync(to, sent.Length);
        await SendAsync(from, sent);
        (await received).AsSpan().SequenceEqual(sent).Should().BeTrue("every byte comes, at its place");
    }

    private static async Task SendAsync(Socket socket, byte[] bytes)
    {
        for (int sent = 0; sent < bytes.Length;)
        {
            sent += await socket.SendAsync(bytes.AsMemory(sent));
        }
    }

    private static Task<byte[]> ReceivedAsync(Socket socket, int bytes) => WiredConnection.ReceiveAsync(socket, bytes).WaitAsync(Patience);

    private static byte[] Noise(int bytes)
    {
        byte[] noise = new byte[bytes];
        new Random(Seed).NextBytes(noise);
        return noise;
    }
}
