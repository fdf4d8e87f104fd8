using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using RocketOps.Testing.Processes;

namespace RocketOps.Faults.Tests.Wires;

/// <summary>A network device whose wire is a descriptor of this process: what the kernel sends by the device is read from it, and what is written to it the device receives, one IP packet at a time. The device is gone when the descriptor is closed, however this process ends.</summary>
internal sealed class TunDevice : IDisposable
{
    public const string Path = "/dev/net/tun";

    // struct ifreq, source: linux/if.h.
    //   off   size  field
    //   0     16    name, ends with 0; with %d in it the kernel puts a number there that is free, and gives the name back
    //   16    2     flags, in the machine's order
    //   18    22    of other requests
    private const int RequestBytes = 40;
    private const int NameBytes = 16;

    /// <summary>IFF_TUN | IFF_NO_PI: packets begin with their IP header. Source: linux/if_tun.h.</summary>
    private const short IpPackets = 0x1001;

    private readonly SafeFileHandle _handle;
    private readonly string _name;

    private TunDevice(SafeFileHandle handle, string name)
    {
        _handle = handle;
        _name = name;
    }

    /// <summary>For poll(2), while the device is there.</summary>
    public int Descriptor => (int)_handle.DangerousGetHandle();

    /// <summary>Makes one in the network of the calling thread.</summary>
    public static unsafe TunDevice Create()
    {
        SafeFileHandle handle = File.OpenHandle(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        Span<byte> request = stackalloc byte[RequestBytes];
        request.Clear();
        "wire%d"u8.CopyTo(request);
        MemoryMarshal.Write(request[NameBytes..], IpPackets);
        fixed (byte* argument = request)
        {
            if (NativeMethods.Control(handle, NativeMethods.TunSetInterface, argument) != 0)
            {
                Win32Exception error = new(Marshal.GetLastPInvokeError());
                handle.Dispose();
                throw error;
            }
        }

        return new TunDevice(handle, Encoding.ASCII.GetString(request[..request.IndexOf((byte)0)]));
    }

    /// <summary>Gives the device its address and puts it into service; all of the addresses' network lies behind it.</summary>
    /// <param name="place">The network that the device is in.</param>
    /// <param name="prefixLength">Of the addresses' network, in bits.</param>
    public async Task PutIntoServiceAsync(ProgramPlace place, int prefixLength)
    {
        await IpCommand.RunAsync(place, "addr", "add", $"{place.Address}/{prefixLength}", "dev", _name);
        await IpCommand.RunAsync(place, "link", "set", _name, "up");
    }

    /// <summary>The next packet; waits for it.</summary>
    /// <param name="packet">Has room for the longest.</param>
    /// <returns>Its bytes.</returns>
    public unsafe int Read(Span<byte> packet)
    {
        fixed (byte* bytes = packet)
        {
            nint read = NativeMethods.Read(_handle, bytes, (nuint)packet.Length);
            return read >= 0 ? (int)read : throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Lets the device receive a packet.</summary>
    public unsafe void Write(ReadOnlySpan<byte> packet)
    {
        fixed (byte* bytes = packet)
        {
            if (NativeMethods.Write(_handle, bytes, (nuint)packet.Length) < 0)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError());
            }
        }
    }

    public void Dispose() => _handle.Dispose();
}
