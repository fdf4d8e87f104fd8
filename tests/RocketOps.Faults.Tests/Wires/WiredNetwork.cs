using System.ComponentModel;
using System.Net;
using RocketOps.Testing.Processes;

namespace RocketOps.Faults.Tests.Wires;

/// <summary>Machines of a test, each a network of its own, this machine as one more, and the wire between them all.</summary>
internal sealed class WiredNetwork : IAsyncDisposable
{
    /// <summary>Sixteen addresses, from a multiple of sixteen on.</summary>
    private const int PrefixLength = 28;

    private readonly TunDevice _device;
    private readonly List<NetworkNamespace> _machines;

    private WiredNetwork(IPAddress address, TunDevice device, List<NetworkNamespace> machines, int seed)
    {
        _device = device;
        _machines = machines;
        Own = new ProgramPlace(address, []);
        Wire = new Wire([(address, device), .. machines.Select(static machine => (machine.Place.Address, machine.Device))], seed);
    }

    public Wire Wire { get; }

    /// <summary>This machine, as the others see it: what the test and its clients are.</summary>
    public ProgramPlace Own { get; }

    public IReadOnlyList<NetworkNamespace> Machines => _machines;

    /// <summary>Why none can be made here, or null.</summary>
    public static async Task<string?> WhyMissingAsync()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return "only root can make networks, of Linux";
        }

        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        foreach (string program in (string[])["ip", "nsenter"])
        {
            if (!folders.Any(folder => File.Exists(Path.Combine(folder, program))))
            {
                return $"there is no {program}, which networks are made with";
            }
        }

        try
        {
            using NetworkNamespace trial = await NetworkNamespace.CreateAsync(IPAddress.Loopback);
            return null;
        }
        catch (Exception refused) when (refused is Win32Exception or IOException or UnauthorizedAccessException)
        {
            return $"no network with a device of its own ({TunDevice.Path}) can be made here: {refused.Message}";
        }
    }

    /// <param name="machines">How many besides this one.</param>
    /// <param name="seed">Of what is left to chance on the wire.</param>
    public static async Task<WiredNetwork> CreateAsync(int machines, int seed)
    {
        // Sixteen ports that no other test has are as many addresses that none has, of those for measurements between networks (198.18.0.0/15, RFC 2544), to which no way leads.
        int block = LoopbackPorts.Find();
        TunDevice device = TunDevice.Create();
        List<NetworkNamespace> made = [];
        try
        {
            for (int machine = 0; machine < machines; machine++)
            {
                made.Add(await NetworkNamespace.CreateAsync(AddressOf(block, machine + 2)));
                await made[machine].PutIntoServiceAsync(PrefixLength);
            }

            IPAddress own = AddressOf(block, 1);
            await device.PutIntoServiceAsync(new ProgramPlace(own, []), PrefixLength);
            return new WiredNetwork(own, device, made, seed);
        }
        catch
        {
            made.ForEach(static machine => machine.Dispose());
            device.Dispose();
            throw;
        }
    }

    /// <summary>What runs on the machines has ended before.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await Wire.DisposeAsync();
        }
        finally
        {
            _machines.ForEach(static machine => machine.Dispose());
            _device.Dispose();
        }
    }

    private static IPAddress AddressOf(int block, int number) => new([198, 18, (byte)(block >> 8), (byte)((block & 0xFF) + number)]);
}
