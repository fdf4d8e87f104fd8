namespace RocketOps.Testing.Disks;

/// <summary>Whole folders on the disk.</summary>
public static class Folders
{
    /// <summary>
    /// Copies a folder with all that is below it. A file that vanishes while it is copied is left out, as by <c>cp -r</c>.
    /// </summary>
    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string folder in Directory.EnumerateDirectories(from))
        {
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        }

        foreach (string file in Directory.EnumerateFiles(from))
        {
            try
            {
                File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
            }
            catch (FileNotFoundException)
            {
                continue;
            }
        }
    }
}
