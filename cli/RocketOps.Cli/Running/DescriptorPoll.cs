namespace RocketOps.Cli.Running;

/// <summary>Asks the system about a descriptor with poll(2), without waiting. The numbers are alike on Linux and macOS.</summary>
internal static class DescriptorPoll
{
    public const short Readable = 0x1;
    public const short Error = 0x8;
    public const short HangUp = 0x10;

    /// <summary>
    /// Returns the events that have happened: those asked for, and errors always. 0 also when the system does not answer.
    /// </summary>
    public static short Look(int descriptor, short asked = 0)
    {
        NativeMethods.PollDescriptor look = new() { Descriptor = descriptor, Asked = asked };
        return NativeMethods.Poll(ref look, 1, 0) > 0 ? look.Happened : (short)0;
    }
}

/// <summary>Asks the system whether the pipe at standard output still has a reader. Linux says POLLERR when it has none, macOS POLLHUP, and so it is of sockets.</summary>
internal static class OutputPipe
{
    private const int StandardOutput = 1;

    /// <summary>Waits for nothing. False also when the system does not answer, as the next write tells then.</summary>
    public static bool HasLostItsReader() => (DescriptorPoll.Look(StandardOutput) & (DescriptorPoll.Error | DescriptorPoll.HangUp)) != 0;
}
