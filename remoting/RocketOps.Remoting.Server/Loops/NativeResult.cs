using System.ComponentModel;

namespace RocketOps.Remoting.Server.Loops;

/// <summary>Results of <see cref="INativeSockets"/> that must not be errors.</summary>
internal static class NativeResult
{
    /// <summary>The result, or <see cref="IOException"/> when it is a negated errno.</summary>
    public static int Checked(int result) => result >= 0 ? result : throw new IOException($"event loop: {TextOf(result)}");

    /// <summary>Returns the system's text for a negated errno.</summary>
    public static string TextOf(int result) => new Win32Exception(-result).Message;
}
