using System.ComponentModel;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using RocketOps.Testing.Processes;

namespace RocketOps.Faults.Tests.Wires;

/// <summary>
/// A network of its own, as another machine has, whose only way out is one device. It has no name, so that nobody else's can be taken for it: it is gone when this is disposed of, or this process has ended however it does, and the last program in
/// it has ended too.
/// </summary>
internal sealed class NetworkNamespace : IDisposable
{
    private readonly SafeFileHandle _space;

    private NetworkNamespace(IPAddress address, SafeFileHandle space, TunDevice device)
    {
        _space = space;
        Device = device;

        // A descriptor goes to no program that is started: that program finds it here.
        Place = new ProgramPlace(address, ["nsenter", string.Create(CultureInfo.InvariantCulture, $"--net=/proc/{Environment.ProcessId}/fd/{space.DangerousGetHandle()}"), "--"]);
    }

    /// <summary>The way out.</summary>
    public TunDevice Device { get; }

    public ProgramPlace Place { get; }

    /// <summary>Makes one in which nothing is in service yet.</summary>
    /// <exception cref="Win32Exception">It is not permitted.</exception>
    public static Task<NetworkNamespace> CreateAsync(IPAddress address) => OnThreadAsync(() =>
    {
        ThrowIfFailed(NativeMethods.Unshare(NativeMethods.CloneNewNet));
        SafeFileHandle space = Current();
        try
        {
            return new NetworkNamespace(address, space, TunDevice.Create());
        }
        catch
        {
            space.Dispose();
            throw;
        }
    });

    /// <summary>Puts the way out into service, and the loopback device, by which a machine reaches its own address.</summary>
    /// <param name="prefixLength">Of the addresses' network, in bits.</param>
    public async Task PutIntoServiceAsync(int prefixLength)
    {
        await IpCommand.RunAsync(Place, "link", "set", "lo", "up");
        await Device.PutIntoServiceAsync(Place, prefixLength);
    }

    /// <summary>Does something in there that makes a socket: it stays there, whoever uses it.</summary>
    public Task<T> InsideAsync<T>(Func<T> make) => OnThreadAsync(() =>
    {
        ThrowIfFailed(NativeMethods.SetNamespace(_space, NativeMethods.CloneNewNet));
        return make();
    });

    public void Dispose()
    {
        Device.Dispose();
        _space.Dispose();
    }

    /// <summary>
    /// On a thread of its own, which comes back to the network of all others before anybody is told of what it did: a thread that is started begins in the network of the one that starts it, and telling may start one of the pool. So what is
    /// done meanwhile must start none.
    /// </summary>
    private static Task<T> OnThreadAsync<T>(Func<T> work) => Task.Factory.StartNew(
        () =>
        {
            using SafeFileHandle everybodys = Current();
            try
            {
                return work();
            }
            finally
            {
                ThrowIfFailed(NativeMethods.SetNamespace(everybodys, NativeMethods.CloneNewNet));
            }
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning | TaskCreationOptions.RunContinuationsAsynchronously,
        TaskScheduler.Default);

    private static SafeFileHandle Current() => File.OpenHandle("/proc/thread-self/ns/net", FileMode.Open, FileAccess.Read, FileShare.ReadWrite);

    private static void ThrowIfFailed(int result)
    {
        if (result != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }
}
