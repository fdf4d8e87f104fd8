using System.Runtime.InteropServices;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Terminals;

/// <summary>
/// Settings by which a Linux terminal treats what is typed: struct termios of termios(3), of which only the local flags are looked into.
/// </summary>
internal sealed class TerminalMode
{
    // struct termios of glibc and musl, on all architectures but ppc64le; in the machine's byte order.
    //   off  size  field
    //   0    4     c_iflag
    //   4    4     c_oflag
    //   8    4     c_cflag
    //   12   4     c_lflag
    //   16   44    c_line, c_cc, speeds
    private const int LocalFlags = 12;
    private const int Size = 128;

    /// <summary>ICANON: a line is given when it is complete.</summary>
    private const uint ByLine = 0x2;

    /// <summary>ECHO: what is typed is shown.</summary>
    private const uint Shows = 0x8;

    /// <summary>TCSANOW.</summary>
    private const int Now = 0;

    private readonly byte[] _termios;

    private TerminalMode(byte[] termios) => _termios = termios;

    /// <summary>True when the layout above is that of this machine.</summary>
    public static bool IsKnown => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture != Architecture.Ppc64le;

    /// <summary>Keys come at once, and are not shown.</summary>
    public bool GivesKeys => (Flags(_termios) & (ByLine | Shows)) == 0;

    /// <summary>Null when the descriptor is no terminal.</summary>
    public static TerminalMode? Of(int descriptor)
    {
        byte[] termios = new byte[Size];
        return NativeMethods.GetTerminal(descriptor, ref termios[0]) == 0 ? new TerminalMode(termios) : null;
    }

    /// <summary>The same but for that.</summary>
    public TerminalMode WithKeys()
    {
        byte[] termios = [.. _termios];
        MemoryMarshal.Write(termios.AsSpan(LocalFlags), Flags(termios) & ~(ByLine | Shows));
        return new TerminalMode(termios);
    }

    /// <summary>A terminal that has gone takes none, and needs none.</summary>
    public void Set(int descriptor) => _ = NativeMethods.SetTerminal(descriptor, Now, ref _termios[0]);

    private static uint Flags(byte[] termios) => MemoryMarshal.Read<uint>(termios.AsSpan(LocalFlags));
}
