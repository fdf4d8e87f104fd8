using System.ComponentModel;
using System.Runtime.InteropServices;

namespace RocketOps.Testing.Processes;

/// <summary>A symbolic link to a folder that can be pointed elsewhere at once: whoever goes through it meets the one folder or the other, never none.</summary>
internal static partial class SymbolicLink
{
    public static void Point(string path, string folder)
    {
        string next = path + ".next";
        File.CreateSymbolicLink(next, folder);

        // File.Move and Directory.Move look through the link, and refuse.
        if (Rename(next, path) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"rename {next} to {path}");
        }
    }

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);
}
