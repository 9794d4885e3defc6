// SPDX-License-Identifier: GPL-2.0
/* Parts of the programs that explore --as-program writes: see parts.c. */

/* What each process must map at each page. */
static struct wanted {
	int frame;		/* 0: none; the same number: the same page frame */
	const char *place;	/* "system", "a", "b" or "private" */
	int content;		/* 0: zeros */
	const char *permission;	/* "", "r" or "rw" in the page table */
} wanted[PROCESSES][PAGES];

static void want(int who, int number, int frame, const char *place, int content,
		 const char *permission)
{
	wanted[who][number] = (struct wanted){ frame, place, content, permission };
}

static void want_nothing(int who, int number)
{
	wanted[who][number] = (struct wanted){ 0 };
}

/* The first page frame number of the coherent device with this parameter; 0: none. */
static unsigned long first_frame(const char *parameter)
{
	unsigned long address = 0;
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/test_hmm/parameters/%s", parameter);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%lu", &address) != 1)
		give_up(path);
	fclose(file);
	return address / page;
}

/* DEVMEM_CHUNK_SIZE of lib/test_hmm.c */
static bool is_in_chunk(unsigned long frame, unsigned long first)
{
	return frame >= first && frame < first + (256UL << 20) / page;
}

static const char *place_of(uint64_t entry)
{
	const unsigned long frame = entry & ((1ULL << 55) - 1);
	const bool present = entry >> 63, swapped = entry >> 62 & 1;

	if (!present)
		return swapped ? "private" : "nowhere";
	/* dmirror_allocate_chunk(): the device 2 has the second parameter. */
	if (is_in_chunk(frame, first_frame("spm_addr_dev1")))
		return "a";
	return is_in_chunk(frame, first_frame("spm_addr_dev0")) ? "b" : "system";
}

/* A page of a private device is an entry of swap: its type is in the lowest five bits. */
static unsigned long frame_of(uint64_t entry)
{
	const unsigned long frame = entry & ((1ULL << 55) - 1);

	return entry >> 63 ? frame : entry >> 62 & 1 ? frame >> 5 : 0;
}

static unsigned long frame_seen[1024];

static void compare_page(int who, int number, uint64_t entry)
{
	static const char *const names[] = { "owner", "child", "grandchild" };
	const struct wanted *want = &wanted[who][number];
	const unsigned long frame = frame_of(entry);
	const char *place = want->frame ? want->place : "nowhere";
	int w, i;

	if (strcmp(place, place_of(entry))) {
		printf("  %s, page %d: expected at %s, seen at %s\n", names[who], number, place,
		       place_of(entry));
		fails();
	}
	if (!want->frame)
		return;
	if (frame_seen[want->frame] && frame_seen[want->frame] != frame) {
		printf("  %s, page %d: expected page frame 0x%lx, seen 0x%lx\n", names[who],
		       number, frame_seen[want->frame], frame);
		fails();
	}
	frame_seen[want->frame] = frame;
	for (w = OWNER; w < PROCESSES; w++) {
		for (i = 0; i < PAGES; i++) {
			const int other = wanted[w][i].frame;

			if (!other || other == want->frame || frame_seen[other] != frame)
				continue;
			printf("  %s, page %d: expected another page frame than that of %s, "
			       "page %d, seen the same\n", names[who], number, names[w], i);
			fails();
		}
	}
}

static void compare_mappings(int who)
{
	uint64_t entry;
	char path[64];
	int fd, i;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", shared->pid[who]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		give_up(path);
	for (i = 0; i < PAGES; i++) {
		if (pread(fd, &entry, sizeof(entry),
			  (uintptr_t)at(i) / page * sizeof(entry)) != sizeof(entry))
			give_up(path);
		compare_page(who, i, entry);
	}
	close(fd);
}

/* The permission in the page table of the owner, as its mirror sees it. */
static void compare_permissions(void)
{
	unsigned char byte;
	const char *seen;
	int i;

	for (i = 0; i < PAGES; i++) {
		if (command("a", HMM_DMIRROR_SNAPSHOT, i, 1, &byte))
			continue;
		seen = byte == HMM_DMIRROR_PROT_ERROR ? "" :
		       byte & HMM_DMIRROR_PROT_WRITE ? "rw" :
		       byte & HMM_DMIRROR_PROT_READ ? "r" : "";
		if (!strcmp(seen, wanted[OWNER][i].frame ? wanted[OWNER][i].permission : ""))
			continue;
		printf("  owner, page %d: expected permission '%s', seen '%s'\n", i,
		       wanted[OWNER][i].permission, seen);
		fails();
	}
}

static void compare_own_bytes(void)
{
	int i;

	for (i = 0; i < PAGES; i++) {
		/* What can be read without a fault. */
		if (!wanted[me][i].frame || !*wanted[me][i].permission ||
		    !strcmp(wanted[me][i].place, "private"))
			continue;
		if (copy(scratch(), at(i)) == page) {
			compare_bytes(me ? "bytes that a child sees" : "bytes that the owner sees",
				      i, scratch(), wanted[me][i].content);
			continue;
		}
		printf("  process %d, page %d: expected to be readable\n", me, i);
		fails();
	}
}

/* Look at all that these processes map: "oc" are the owner and the child. */
static void look(const char *processes)
{
	const char *c;

	if (turn(OWNER)) {
		for (c = processes; *c; c++)
			compare_mappings(*c == 'o' ? OWNER : *c == 'c' ? CHILD : GRANDCHILD);
		compare_permissions();
		done();
	}
	for (c = processes; *c; c++) {
		if (turn(*c == 'o' ? OWNER : *c == 'c' ? CHILD : GRANDCHILD)) {
			compare_own_bytes();
			done();
		}
	}
	/* What comes after a difference tells nothing. */
	if (turn(OWNER)) {
		if (shared->failed)
			exit(end());
		done();
	}
}

static struct marks {
	int uffd_wp;
	int soft;		/* -1: not looked at */
	bool wanted;
} marks[PROCESSES][PAGES];

static void mark(int who, int number, int uffd_wp, int soft)
{
	marks[who][number] = (struct marks){ uffd_wp, soft, true };
}

static void compare_marks(int who)
{
	uint64_t entry;
	char path[64];
	int fd, i;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", shared->pid[who]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		give_up(path);
	for (i = 0; i < PAGES; i++) {
		const struct marks *want = &marks[who][i];

		if (!want->wanted || pread(fd, &entry, sizeof(entry), (uintptr_t)at(i) / page *
					   sizeof(entry)) != sizeof(entry))
			continue;
		if (want->uffd_wp == (int)(entry >> 57 & 1) &&
		    (want->soft < 0 || want->soft == (int)(entry >> 55 & 1)))
			continue;
		printf("  process %d, page %d: expected uffd-wp %d, soft-dirty %d; seen %d, %d\n",
		       who, i, want->uffd_wp, want->soft, (int)(entry >> 57 & 1),
		       (int)(entry >> 55 & 1));
		fails();
	}
	close(fd);
}

static void look_at_marks(const char *processes)
{
	if (!turn(OWNER))
		return;
	for (; *processes; processes++)
		compare_marks(*processes == 'o' ? OWNER : *processes == 'c' ? CHILD : GRANDCHILD);
	done();
}

/* What dump_page() writes to the kernel log about the page, with a reference of its own. */
static bool dump(int number, int *references, int *mappings, bool *exclusive)
{
	struct gup_test arg = { .addr = (uintptr_t)at(number), .size = page,
				.nr_pages_per_call = 1, .which_pages = { 1 } };
	const int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	const int fd = open_gup_test();
	bool found = false;
	char text[8192];
	ssize_t length;
	const char *c;

	lseek(log, 0, SEEK_END);
	if (ioctl(fd, DUMP_USER_PAGES_TEST, &arg))
		give_up("DUMP_USER_PAGES_TEST");
	while ((length = read(log, text, sizeof(text) - 1)) > 0) {
		text[length] = '\0';
		c = strstr(text, "refcount:");
		if (c && sscanf(c, "refcount:%d mapcount:%d", references, mappings) == 2)
			found = true;
		/* PageAnonExclusive has the bit of another flag, and its name. */
		if (strstr(text, "flags: 0x"))
			*exclusive = strstr(text, "mappedtodisk") || strstr(text, "owner_2");
	}
	close(log);
	close(fd);
	--*references;
	return found;
}

static void counts(int number, bool exclusive, int mappings, int references)
{
	int seen_references = 0, seen_mappings = 0;
	bool seen_exclusive = false;
	uint64_t entry;
	int fd;

	if (!turn(OWNER))
		return;
	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pread(fd, &entry, sizeof(entry), (uintptr_t)at(number) / page * sizeof(entry)) < 0)
		give_up("/proc/self/pagemap");
	close(fd);
	/* A page in memory may be in a batch of this processor, which holds a reference. */
	if (dump(number, &seen_references, &seen_mappings, &seen_exclusive) &&
	    (seen_exclusive != exclusive || seen_mappings != mappings ||
	     (seen_references != references && (strcmp(place_of(entry), "system") ||
						seen_references != references + 1)))) {
		printf("  owner, page %d: expected %sexclusive, %d mappings, %d references; "
		       "seen %sexclusive, %d, %d\n", number, exclusive ? "" : "not ", mappings,
		       references, seen_exclusive ? "" : "not ", seen_mappings, seen_references);
		fails();
	}
	done();
}
