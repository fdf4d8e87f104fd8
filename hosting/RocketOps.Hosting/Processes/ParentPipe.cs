namespace RocketOps.Hosting.Processes;

/// <summary>
/// Ties a server to the program that started it, where that asks for it (<see cref="Variable"/>): standard input is then a pipe the parent holds open, and its end,
/// however the parent ended, is the order to stop. The process also leaves the terminal's group, so that Ctrl-C reaches the parent alone, which stops things in order.
/// </summary>
public static class ParentPipe
{
    /// <summary><c>1</c> ties the process to its standard input.</summary>
    public const string Variable = "ROCKETOPS_STOP_ON_STDIN_END";

    /// <summary>Calls <paramref name="stop"/> once when the parent is gone; does nothing when the environment does not ask for it.</summary>
    public static void Watch(Action stop)
    {
        ArgumentNullException.ThrowIfNull(stop);
        if (Environment.GetEnvironmentVariable(Variable) != "1")
        {
            return;
        }

        if (!OperatingSystem.IsWindows())
        {
            // Fails only when the process leads a group already, which is as good.
            _ = NativeMethods.SetProcessGroup(0, 0);
        }

        // A thread of its own: reading a pipe blocks for as long as the parent lives.
        new Thread(() => WaitForEnd(stop), maxStackSize: 128 * 1024) { IsBackground = true, Name = "parent pipe" }.Start();
    }

    private static void WaitForEnd(Action stop)
    {
        using Stream input = Console.OpenStandardInput();
        Span<byte> buffer = stackalloc byte[64];
        try
        {
            while (input.Read(buffer) > 0)
            {
                // Nothing is ever meant by what is written here.
            }
        }
        catch (IOException)
        {
            // A broken pipe is an end as well.
        }

        stop();
    }
}
