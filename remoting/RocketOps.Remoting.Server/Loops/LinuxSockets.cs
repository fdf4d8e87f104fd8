using System.Buffers.Binary;
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Server.Loops;

/// <summary>The real calls, on 64-bit Linux. The only place of this project that calls the system directly.</summary>
internal sealed unsafe partial class LinuxSockets : INativeSockets
{
    public const int Interrupted = 4;
    public const int TryAgain = 11;
    public const int OutOfMemory = 12;
    public const int TooManyFilesOfSystem = 23;
    public const int TooManyFiles = 24;
    public const int NoBuffers = 105;

    private const uint In = 0x1;
    private const uint Out = 0x4;
    private const uint Error = 0x8;
    private const uint HangUp = 0x10;
    private const uint PeerHangUp = 0x2000;
    private const uint EdgeTriggered = 1u << 31;

    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int NoSignal = 0x4000;
    private const int PeekOnly = 0x2;
    private const int TcpLevel = 6;
    private const int NoDelay = 1;
    private const int Inet = 2;
    private const int Inet6 = 10;
    private const int AddressBytes = 128;
    private const int MostEvents = 1024;

    // struct epoll_event is packed on x86-64 only.
    private static readonly int EventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int TagOffset = EventBytes - 8;

    /// <summary>These calls exist here and the layouts above are right.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    public int CreatePoll() => Check(EPollCreate(CloseOnExec));

    public int CreateSignal() => Check(EventFd(0, CloseOnExec | NonBlocking));

    public int Watch(int poll, int descriptor, int tag, bool edge)
    {
        byte* change = stackalloc byte[16];
        *(uint*)change = edge ? In | Out | PeerHangUp | EdgeTriggered : In;
        *(long*)(change + TagOffset) = tag;
        return Check(EPollControl(poll, 1, descriptor, change));
    }

    public int Unwatch(int poll, int descriptor)
    {
        byte* unused = stackalloc byte[16];
        return Check(EPollControl(poll, 2, descriptor, unused));
    }

    [SkipLocalsInit]
    public int Wait(int poll, Span<ReadyEvent> ready, int timeoutMilliseconds)
    {
        byte* events = stackalloc byte[MostEvents * 16];
        int count = Check(EPollWait(poll, events, Math.Min(ready.Length, MostEvents), timeoutMilliseconds));
        for (int i = 0; i < count; i++)
        {
            byte* entry = events + (i * EventBytes);
            uint what = *(uint*)entry;
            ready[i] = new ReadyEvent(
                (int)*(long*)(entry + TagOffset), (what & (In | Error | HangUp | PeerHangUp)) != 0, (what & (Out | Error | HangUp)) != 0, (what & (Error | HangUp | PeerHangUp)) != 0);
        }

        return count;
    }

    public void Pause(int microseconds) => _ = USleep((uint)microseconds);

    public void Signal(int signal)
    {
        ulong one = 1;
        // A full counter wakes as well.
        _ = WriteCall(signal, &one, sizeof(ulong));
    }

    public void ClearSignal(int signal)
    {
        ulong count;
        _ = ReadCall(signal, &count, sizeof(ulong));
    }

    public int Accept(int listener, out IPEndPoint remote, out IPEndPoint local)
    {
        byte* address = stackalloc byte[AddressBytes];
        int length = AddressBytes;
        int descriptor = Check(Accept4(listener, address, &length, CloseOnExec | NonBlocking));
        remote = local = NoAddress;
        if (descriptor >= 0)
        {
            remote = ToEndPoint(address);
            length = AddressBytes;
            if (GetSockName(descriptor, address, &length) == 0)
            {
                local = ToEndPoint(address);
            }

            int on = 1;
            // Without it answers are only later; the connection works.
            _ = SetSockOpt(descriptor, TcpLevel, NoDelay, &on, sizeof(int));
        }

        return descriptor;
    }

    public int Receive(int descriptor, Span<byte> buffer) => Receive(descriptor, buffer, 0);

    public int Peek(int descriptor, Span<byte> buffer) => Receive(descriptor, buffer, PeekOnly);

    public int Send(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* first = bytes)
        {
            return Check((int)SendCall(descriptor, first, bytes.Length, NoSignal));
        }
    }

    public int Send(int descriptor, ReadOnlySpan<byte> header, ReadOnlySpan<OutputPiece> pieces)
    {
        if (pieces.Length > OutputLease.MostPieces)
        {
            throw new ArgumentException($"{pieces.Length} pieces are more than {OutputLease.MostPieces}", nameof(pieces));
        }

        Vector* vectors = stackalloc Vector[OutputLease.MostPieces + 1];
        fixed (byte* first = header)
        {
            vectors[0] = new Vector { Base = (nint)first, Length = header.Length };
            for (int i = 0; i < pieces.Length; i++)
            {
                vectors[i + 1] = new Vector { Base = pieces[i].Address, Length = pieces[i].Length };
            }

            Message message = new() { Vectors = vectors, Count = pieces.Length + 1 };
            return Check((int)SendMessageCall(descriptor, &message, NoSignal));
        }
    }

    public int Shutdown(int descriptor, bool sendingOnly) => Check(ShutdownCall(descriptor, sendingOnly ? 1 : 2));

    public int Close(int descriptor) => Check(CloseCall(descriptor));

    private static readonly IPEndPoint NoAddress = new(IPAddress.None, 0);

    private static int Receive(int descriptor, Span<byte> buffer, int flags)
    {
        fixed (byte* first = buffer)
        {
            return Check((int)ReceiveCall(descriptor, first, buffer.Length, flags));
        }
    }

    private static int Check(int result) => result >= 0 ? result : -Marshal.GetLastPInvokeError();

    private static IPEndPoint ToEndPoint(byte* address)
    {
        int family = *(ushort*)address;
        int port = BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(address + 2, 2));
        switch (family)
        {
            case Inet:
                return new IPEndPoint(new IPAddress(new ReadOnlySpan<byte>(address + 4, 4)), port);
            case Inet6:
                IPAddress ip = new(new ReadOnlySpan<byte>(address + 8, 16), *(uint*)(address + 24));
                return new IPEndPoint(ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip, port);
            default:
                return NoAddress;
        }
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int EPollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EPollControl(int poll, int operation, int descriptor, byte* change);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int EPollWait(int poll, byte* events, int most, int timeout);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventFd(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "usleep", SetLastError = true)]
    private static partial int USleep(uint microseconds);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint WriteCall(int descriptor, void* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint ReadCall(int descriptor, void* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    private static partial int Accept4(int listener, byte* address, int* length, int flags);

    [LibraryImport("libc", EntryPoint = "getsockname", SetLastError = true)]
    private static partial int GetSockName(int descriptor, byte* address, int* length);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetSockOpt(int descriptor, int level, int name, void* value, int length);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint ReceiveCall(int descriptor, byte* bytes, nint count, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint SendCall(int descriptor, byte* bytes, nint count, int flags);

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessageCall(int descriptor, Message* message, int flags);

    [LibraryImport("libc", EntryPoint = "shutdown", SetLastError = true)]
    private static partial int ShutdownCall(int descriptor, int how);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseCall(int descriptor);

    /// <summary>struct iovec.</summary>
    private struct Vector
    {
        public nint Base;
        public nint Length;
    }

    /// <summary>struct msghdr.</summary>
    private struct Message
    {
        public nint Name;
        public uint NameLength;
        public Vector* Vectors;
        public nint Count;
        public nint Control;
        public nint ControlLength;
        public int Flags;
    }
}
