using System.Buffers.Binary;
using System.ComponentModel;
using System.Net;
using System.Runtime.InteropServices;

namespace RocketOps.Faults.Tests.Wires;

/// <summary>
/// Passes packets from device to device, and spoils what it is told to: loses, delays, lets nothing through, each direction by itself. What TCP makes of that is the kernel's.
/// One thread does it all; what it is told and what it counts may be used from any.
/// </summary>
internal sealed class Wire : IAsyncDisposable
{
    /// <summary>Delayed packets beyond these are lost, as a router with a full queue loses them.</summary>
    private const int MaxDelayed = 4096;

    private const int MaxPacketBytes = 65_536;

    // IPv4 header, source: RFC 791 §3.1. Big-endian.
    //   off   size  field
    //   0     1     version (high four bits), header length
    //   12    4     source address
    //   16    4     destination address
    private const int MinHeaderBytes = 20;
    private const int SourceOffset = 12;
    private const int DestinationOffset = 16;

    /// <summary>After which it looks whether it is to end.</summary>
    private const int LongestWaitMillis = 20;

    private const int Interrupted = 4;

    private readonly TunDevice[] _devices;
    private readonly Dictionary<(uint From, uint To), WireLink> _links = [];
    private readonly PriorityQueue<(WireLink Link, byte[] Packet), long> _delayed = new();
    private readonly Random _random;
    private readonly Task _passing;
    private volatile bool _stops;
    private long _passed;
    private long _lost;
    private long _held;

    /// <param name="ends">Addresses and the devices that have them; whoever made them disposes of them, after this.</param>
    /// <param name="seed">Of what is left to chance.</param>
    public Wire(IReadOnlyCollection<(IPAddress Address, TunDevice Device)> ends, int seed)
    {
        _devices = [.. ends.Select(static end => end.Device)];
        _random = new Random(seed);
        foreach ((IPAddress from, _) in ends)
        {
            foreach ((IPAddress to, TunDevice device) in ends.Where(end => !end.Address.Equals(from)))
            {
                _links[(NumberOf(from), NumberOf(to))] = new WireLink(device);
            }
        }

        _passing = Task.Factory.StartNew(Pass, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.RunContinuationsAsynchronously, TaskScheduler.Default);
    }

    /// <summary>Packets that came to their destination, also late.</summary>
    public long Passed => Interlocked.Read(ref _passed);

    /// <summary>Packets that did not.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Packets that were made to come late; some of them may be lost in the end.</summary>
    public long Delayed => Interlocked.Read(ref _held);

    /// <summary>From now on, in that direction alone.</summary>
    public void Spoil(IPAddress from, IPAddress to, WireFault fault) => _links[(NumberOf(from), NumberOf(to))].Fault = fault;

    /// <summary>From now on everything passes at once; what is late comes when it was to come.</summary>
    public void Heal()
    {
        foreach (WireLink link in _links.Values)
        {
            link.Fault = WireFault.None;
        }
    }

    /// <summary>Throws what ended it before.</summary>
    public async ValueTask DisposeAsync()
    {
        _stops = true;
        await _passing;
    }

    private static uint NumberOf(IPAddress address) => BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());

    private void Pass()
    {
        byte[] packet = new byte[MaxPacketBytes];
        NativeMethods.PollEntry[] entries = [.. _devices.Select(static device => new NativeMethods.PollEntry { Descriptor = device.Descriptor, Wanted = NativeMethods.PollIn })];
        while (!_stops)
        {
            Wait(entries);
            for (int i = 0; i < entries.Length; i++)
            {
                // Nobody else reads from it, so that this one waits for nothing.
                if ((entries[i].Found & NativeMethods.PollIn) != 0)
                {
                    Take(packet.AsSpan(0, _devices[i].Read(packet)));
                }
            }

            DeliverLate();
        }
    }

    private unsafe void Wait(NativeMethods.PollEntry[] entries)
    {
        int millis = _delayed.TryPeek(out _, out long due) ? (int)Math.Clamp(due - Environment.TickCount64, 0, LongestWaitMillis) : LongestWaitMillis;
        fixed (NativeMethods.PollEntry* first = entries)
        {
            if (NativeMethods.Poll(first, (nuint)entries.Length, millis) < 0 && Marshal.GetLastPInvokeError() is var error and not Interrupted)
            {
                throw new Win32Exception(error);
            }
        }
    }

    private void Take(ReadOnlySpan<byte> packet)
    {
        // Kernels look for routers by IPv6 and ask who is interested in groups: that goes nowhere.
        if (packet.Length < MinHeaderBytes || packet[0] >> 4 != 4 ||
            !_links.TryGetValue((BinaryPrimitives.ReadUInt32BigEndian(packet[SourceOffset..]), BinaryPrimitives.ReadUInt32BigEndian(packet[DestinationOffset..])), out WireLink? link))
        {
            return;
        }

        WireFault fault = link.Fault;
        if (_random.Next(100) < fault.LossPercent || (fault.DelayMillis > 0 && _delayed.Count == MaxDelayed))
        {
            Interlocked.Increment(ref _lost);
        }
        else if (fault.DelayMillis > 0)
        {
            Interlocked.Increment(ref _held);
            _delayed.Enqueue((link, packet.ToArray()), Environment.TickCount64 + fault.DelayMillis + _random.Next(fault.JitterMillis + 1));
        }
        else
        {
            Deliver(link, packet);
        }
    }

    private void DeliverLate()
    {
        while (_delayed.TryPeek(out (WireLink Link, byte[] Packet) late, out long due) && due <= Environment.TickCount64)
        {
            _delayed.Dequeue();
            if (late.Link.Fault.IsCut)
            {
                Interlocked.Increment(ref _lost);
            }
            else
            {
                Deliver(late.Link, late.Packet);
            }
        }
    }

    private void Deliver(WireLink link, ReadOnlySpan<byte> packet)
    {
        link.To.Write(packet);
        Interlocked.Increment(ref _passed);
    }
}
