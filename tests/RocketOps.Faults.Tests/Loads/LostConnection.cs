using System.Net.Sockets;

namespace RocketOps.Faults.Tests.Loads;

/// <summary>The failures that the death of a server, or of a wire, makes of what was asked of it.</summary>
internal static class LostConnection
{
    /// <summary>The connection broke, or could not be made.</summary>
    public static bool Is(Exception failure) => failure is SocketException or IOException;

    /// <summary>The same, or no answer came in the time of who asked.</summary>
    public static bool IsOrIsSilent(Exception failure) => Is(failure) || failure is TimeoutException;
}
