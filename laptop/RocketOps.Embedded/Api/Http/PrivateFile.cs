using System.Text;

namespace RocketOps.Embedded.Api.Http;

/// <summary>Files only their owner may read: keys, tokens, kubeconfigs.</summary>
internal static class PrivateFile
{
    /// <summary>Writes beside and renames, so that a reader never sees half a file.</summary>
    public static void Write(string path, string text)
    {
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (FileStream file = new(temporary, options))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
        }

        File.Move(temporary, path, overwrite: true);
    }
}
